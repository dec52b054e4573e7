#include "admin_calls.h"

#include <hearth/dialects/api_error.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>

namespace hearth::daemon {
namespace {

namespace json = boost::json;
using gateway::CallStory;

json::object describe(const CallStory& call) {
  json::array passed;
  for (const CallStory::Passed& p : call.passed)
    passed.push_back(json::object{{"model", p.model}, {"reason", p.reason}});
  json::array tried;
  for (const CallStory::Tried& t : call.tried)
    tried.push_back(json::object{{"model", t.model},
                                 {"status", t.status},
                                 {"error", t.error.empty() ? json::value(nullptr) : json::value(t.error)},
                                 {"seconds", t.seconds},
                                 {"region", t.region},
                                 {"retention", t.retention}});
  json::object steps;
  for (const auto& [step, tokens] : call.trimmed.steps) steps[step] = tokens;
  const json::object trimmed{{"bytes", call.trimmed.bytes},
                             {"tokens", call.trimmed.tokens},
                             {"steps", steps},
                             {"resting", call.trimmed.resting}};
  const auto lowered = [&call]() -> json::value {
    if (call.lowered.rule.empty()) return nullptr;
    return json::object{{"rule", call.lowered.rule}, {"from", to_string(call.lowered.from)}};
  };
  return {{"id", call.id},
          {"ended_at", format_rfc3339(call.ended)},
          {"principal", call.principal},
          {"agent", call.agent.empty() ? json::value(nullptr) : json::value(call.agent)},
          {"operation", call.operation},
          {"requested_model", call.requested_model},
          {"data_class", to_string(call.data_class)},
          {"lowered", lowered()},
          {"found", call.found},
          {"model", call.model.empty() ? json::value(nullptr) : json::value(call.model)},
          {"reason", call.reason},
          {"source", call.source.empty() ? json::value(nullptr) : json::value(call.source)},
          {"status", call.status},
          {"seconds", call.seconds},
          {"input_tokens", call.input_tokens},
          {"output_tokens", call.output_tokens},
          {"trimmed", trimmed},
          {"tried", tried},
          {"passed_over", passed}};
}

net::awaitable<void> reply(net::Exchange& exchange, int status, std::string body) {
  [[maybe_unused]] const auto sent = co_await exchange.respond(status, {{"Content-Type", "application/json"}}, body);
}

}  // namespace

net::awaitable<void> show_calls(net::Exchange& exchange, const gateway::CallLog& calls) {
  constexpr std::size_t kUsual = 20;
  constexpr std::size_t kMost = 1000;
  std::size_t limit = kUsual;
  if (const auto text = exchange.request().query("limit"))
    std::from_chars(text->data(), text->data() + text->size(), limit);
  json::array all;
  for (const CallStory& call : calls.last(std::min(limit, kMost))) all.push_back(describe(call));
  const std::string body = json::serialize(json::object{{"data", all}});
  co_await reply(exchange, 200, body);
}

net::awaitable<void> show_call(net::Exchange& exchange, const gateway::CallLog& calls, std::string_view id) {
  const auto call = calls.find(id);
  if (call) {
    const std::string body = json::serialize(describe(*call));
    co_return co_await reply(exchange, 200, body);
  }
  const dialects::ApiError error = dialects::api_error(
      dialects::ApiCode::not_found,
      fmt::format("no call '{}' is remembered; of the last 1000 calls `hearth explain call` lists the newest",
                  id.substr(0, 100)));
  const std::string body = dialects::encode(error);
  co_await reply(exchange, error.status, body);
}

}  // namespace hearth::daemon
