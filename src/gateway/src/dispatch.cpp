#include "dispatch.h"

#include "judge.h"
#include "sessions.h"

#include <fmt/format.h>

#include <ctime>

namespace hearth::gateway {

using dialects::ApiCode;

namespace {

// No language model comes with the box: until there is one, chat says how to get one.
dialects::ApiError no_language_model() {
  return dialects::api_error(
      ApiCode::model_not_loaded,
      "no language model is on this box yet: `hearth pull NAME` gets one that runs here, or name a provider "
      "under `providers:` in hearth.yaml to have chat answered elsewhere",
      "model");
}

int minute_of_day(WallTime now) {
  const std::time_t time = std::chrono::system_clock::to_time_t(now);
  std::tm local{};
  ::localtime_r(&time, &local);
  constexpr int kMinutes = 60;
  return local.tm_hour * kMinutes + local.tm_min;
}

// Whether anybody but an engine of this box may be asked: only then does it matter what a call is about.
bool has_choice(const Services& services, const Models& models) {
  return !services.routes.empty() || std::ranges::any_of(*models, [](const Model& model) {
    return model.upstream->facts().kind != UpstreamKind::engine;
  });
}

// As an answer of usual length would cost: how long it will be nobody knows.
std::optional<Price> price_of(const Services& services, const Model& model, std::uint64_t body) {
  constexpr std::uint64_t kBytesOfAToken = 4;
  constexpr std::uint64_t kUsualAnswer = 500;
  if (model.upstream->facts().kind != UpstreamKind::provider) return Price{};
  const spend::ModelPrice* price = services.budgets.prices().find(model.upstream->name(), model.there());
  if (price == nullptr) return std::nullopt;
  const spend::Usage usual{.input = body / kBytesOfAToken, .output = kUsualAnswer};
  const auto nano = spend::price_of(*price, usual, wall_now());
  return nano ? std::optional(Price{price->currency, *nano}) : std::nullopt;
}

std::size_t conversation_of(const Call& call, std::string_view model, std::size_t opening) {
  const std::hash<std::string_view> hash;
  constexpr std::size_t kFactor = 0x9E3779B97F4A7C15;  // an odd number spreads what came before
  return (hash(call.principal.id) * kFactor + hash(model)) * kFactor + opening;
}

dialects::ApiError nobody(const Plan& plan, const Call& call) {
  if (only_class_forbids(plan))
    return dialects::api_error(
        ApiCode::data_class_denied,
        fmt::format("nobody who may see {} data can answer this: {}{}; pull a model onto this box, or send the header "
                    "x-hearth-data-class where the data are of a lower class",
                    to_string(call.decision.data_class), explain_nobody(plan),
                    call.decision.found.empty() ? "" : fmt::format("; found in it: {}", call.decision.found)),
        "model");
  dialects::ApiError error = dialects::api_error(
      ApiCode::upstream_unavailable, fmt::format("nobody can be asked now: {}", explain_nobody(plan)), "model");
  error.retry_after = Seconds(1);
  return error;
}

}  // namespace

net::awaitable<dialects::Decoded<Plan>> plan_call(Call& call, Wanted wanted) {
  const Services& services = call.services;
  const Models models = services.catalogue.models();
  call.decision.requested_model = std::string(wanted.model.substr(0, 128));
  if (auto noted = note_agent(call); !noted) co_return std::unexpected(std::move(noted.error()));
  Asked asked{
      .name = wanted.model, .task = wanted.task, .facts = {}, .redacted_class = {}, .held = {}, .hold = Hold::none};
  std::optional<std::string> held;
  if (has_choice(services, models)) {
    const auto judged = co_await judge(call, *wanted.body);
    if (!judged) co_return std::unexpected(judged.error());
    call.decision.judged = true;
    const egress::LinkState link = services.link ? services.link() : egress::LinkState::online;
    asked.facts = {.size = wanted.body->size(),
                   .data_class = call.decision.data_class,
                   .minute_of_day = minute_of_day(wall_now()),
                   .tools = wanted.facts.tools,
                   .images = wanted.facts.bounds.images > 0,
                   .online = egress::is_up(link),
                   .metered = link == egress::LinkState::metered};
    asked.redacted_class = call.decision.redacted_class;
    asked.price = [&services, size = wanted.body->size()](const Model& model) {
      return price_of(services, model, size);
    };
    asked.quality = &services.qualities;
    asked.first_byte = [now = steady_now()](const Model& model) { return model.pace->at(now).first_byte; };
    if (wanted.task == Task::chat) {
      const dialects::Conversation& conversation = wanted.facts.conversation;
      call.decision.conversation = conversation_of(call, wanted.model, conversation.opening);
      held = services.sessions.find(*call.decision.conversation, steady_now());
      if (held) asked.hold = conversation.after_tool ? Hold::only : Hold::prefers;
      if (held) asked.held = *held;
    }
  } else {
    asked.facts.data_class = services.config.policy.default_class;
  }
  Plan plan = make_plan(models, services.routes, asked);
  for (const PassedOver& passed : plan.passed) call.decision.passed.push_back({passed.model, passed.reason});
  if (!plan.candidates.empty()) co_return plan;
  if (plan.known) co_return std::unexpected(nobody(plan, call));
  if (wanted.task == Task::chat && !services.catalogue.serves(Task::chat))
    co_return std::unexpected(no_language_model());
  co_return dialects::reject(ApiCode::model_not_found, services.catalogue.explain_missing(wanted.model, wanted.task),
                             "model");
}

Failure told_of_charge(Failure failure) {
  constexpr int kClientLeft = 499;
  if (failure.error.status == kClientLeft) return failure;
  failure.error.message += "; it may have answered, and charged for it, so no other provider was asked";
  failure.error.retry_is_useless = true;
  return failure;
}

void keep_conversation(Call& call) {
  if (call.decision.conversation)
    call.services.sessions.remember(*call.decision.conversation, call.decision.model->id, steady_now());
}

}  // namespace hearth::gateway
