#include <hearth/deferred/describe.h>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace hearth::deferred {
namespace {

namespace json = boost::json;

std::string path_of(const Job& job) {
  return fmt::format("/v1/deferred/{}", job.id);
}

json::object describe(const Job& job, Whose whose = Whose::own) {
  json::object object{{"id", job.id},
                      {"object", "deferred"},
                      {"status", to_string(job.progress.status)},
                      {"created_at", unix_seconds(job.created)},
                      {"not_before", unix_seconds(job.not_before)},
                      {"deadline", unix_seconds(job.deadline)},
                      {"ended_at", job.ended ? json::value(unix_seconds(*job.ended)) : json::value(nullptr)},
                      {"attempts", job.progress.attempts},
                      {"endpoint", job.target},
                      {"url", path_of(job)}};
  json::value answer;
  if (job.answer_status != 0)
    answer = json::object{{"status", job.answer_status}, {"url", fmt::format("{}/result", path_of(job))}};
  object["result"] = std::move(answer);
  object["error"] = job.note.empty() ? json::value(nullptr) : json::value(job.note);
  json::value webhook;
  if (!job.webhook.empty()) {
    const DeliveryProgress delivery = job.delivery.value_or(DeliveryProgress());
    webhook =
        json::object{{"url", job.webhook}, {"status", to_string(delivery.status)}, {"attempts", delivery.attempts}};
  }
  object["webhook"] = std::move(webhook);
  if (whose == Whose::all) object["owner"] = json::object{{"id", job.owner.id}, {"name", job.owner.name}};
  return object;
}

}  // namespace

std::string encode(const Job& job) {
  return json::serialize(describe(job));
}

std::string encode_list(std::span<const Job> jobs, Whose whose) {
  json::array data;
  for (const Job& job : jobs) data.push_back(describe(job, whose));
  return json::serialize(json::object{{"object", "list"}, {"data", std::move(data)}});
}

std::string encode_removed(std::string_view id) {
  return json::serialize(json::object{{"id", id}, {"object", "deferred"}, {"deleted", true}});
}

std::string encode_message(const Job& job) {
  json::object data = describe(job);
  data.erase("webhook");  // the receiver knows, and it is not over yet
  return json::serialize(json::object{{"type", fmt::format("deferred.{}", to_string(job.progress.status))},
                                      {"timestamp", format_rfc3339(job.ended.value_or(job.created))},
                                      {"data", std::move(data)}});
}

}  // namespace hearth::deferred
