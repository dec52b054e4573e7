#include "dispatch.h"

#include "judge.h"
#include "sessions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <set>

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

// ── What is kept where it was made

std::size_t key_of_kept(std::string_view id) {
  constexpr std::size_t kOther = 0x5851F42D4C957F2D;  // so that no conversation has such a key
  return std::hash<std::string_view>()(id) ^ kOther;
}

// Who made it, and for whom: "MODEL PRINCIPAL".
struct Maker {
  std::string model;
  std::string principal;
};

std::optional<Maker> find_maker(const Call& call, std::string_view id) {
  const auto kept = call.services.sessions.find(key_of_kept(id), steady_now());
  if (!kept) return std::nullopt;
  const std::size_t space = kept->rfind(' ');
  return Maker{kept->substr(0, space), kept->substr(space + 1)};
}

std::string_view upstream_of(const Models& models, std::string_view id) {
  const auto found = std::ranges::find(*models, id, &Model::id);
  return found == models->end() ? std::string_view() : found->upstream->name();
}

dialects::ApiError no_such(const AsWritten& own) {
  return dialects::api_error(ApiCode::invalid_value,
                             fmt::format("`{}` names nothing that is kept for you", own.kept_in), own.kept_in);
}

// Nobody remembers whose it is: it is nobody's but theirs who made it to know, and to ask all would tell all.
std::optional<dialects::ApiError> ambiguous(const AsWritten& own, const Plan& plan) {
  std::set<std::string_view> upstreams;
  for (const Candidate& candidate : plan.candidates) upstreams.insert(candidate.model->upstream->name());
  if (upstreams.size() < 2) return std::nullopt;
  return dialects::api_error(
      ApiCode::invalid_value,
      fmt::format("this box does not remember who keeps what `{}` names, and {} could: ask for the model with its "
                  "provider's name before it, as in {}",
                  own.kept_in, fmt::join(upstreams, ", "), plan.candidates.front().model->id),
      own.kept_in);
}

// What the conditions of routes ask of the call, and of models for it. Its data are judged.
void ask_for(const Call& call, const Wanted& wanted, Asked& asked) {
  const Services& services = call.services;
  const egress::LinkState link = services.link ? services.link() : egress::LinkState::online;
  asked.facts = {.size = wanted.body->size(),
                 .data_class = call.decision.data_class,
                 .minute_of_day = minute_of_day(wall_now()),
                 .tools = wanted.facts.tools,
                 .images = wanted.facts.bounds.images > 0,
                 .online = egress::is_up(link),
                 .metered = link == egress::LinkState::metered};
  asked.redacted_class = call.decision.redacted_class;
  asked.price = [&services, size = wanted.body->size()](const Model& model) { return price_of(services, model, size); };
  asked.quality = &services.qualities;
  asked.first_byte = [now = steady_now()](const Model& model) { return model.pace->at(now).first_byte; };
  const AsWritten* own = wanted.own;
  if (own != nullptr && own->untranslatable) asked.untranslatable = own->untranslatable->param.value_or("input");
  asked.goes_on = own != nullptr && !own->kept.empty();
}

// The model that keeps what the call goes on from, or began its conversation; nullopt: nobody is known.
dialects::Decoded<std::optional<std::string>> find_holder(Call& call, const Wanted& wanted, Asked& asked) {
  if (asked.goes_on) {
    auto maker = find_maker(call, wanted.own->kept);
    if (!maker) return std::nullopt;
    if (maker->principal != call.principal.id) return std::unexpected(no_such(*wanted.own));
    asked.hold = Hold::prefers;
    return std::move(maker->model);
  }
  if (wanted.task != Task::chat) return std::nullopt;
  const dialects::Conversation& conversation = wanted.facts.conversation;
  call.decision.conversation = conversation_of(call, wanted.model, conversation.opening);
  auto held = call.services.sessions.find(*call.decision.conversation, steady_now());
  if (held) asked.hold = conversation.after_tool ? Hold::only : Hold::prefers;
  return held;
}

// What is wrong with a request that cannot be translated, where it would be wrong at any other time.
std::optional<dialects::ApiError> why_never(const AsWritten& own, const Plan& plan, std::string_view keeper) {
  if (!own.untranslatable || !nobody_ever(plan)) return std::nullopt;
  if (std::ranges::find(plan.passed, PassedOver::Why::dialect, &PassedOver::why) != plan.passed.end())
    return own.untranslatable;
  if (keeper.empty()) return std::nullopt;
  return dialects::api_error(
      ApiCode::invalid_value,
      fmt::format("what `{}` names is kept by {}, and the model that you ask for is somebody else's", own.kept_in,
                  keeper),
      own.kept_in);
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
  const AsWritten* own = wanted.own;
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
    ask_for(call, wanted, asked);
    const auto holder = find_holder(call, wanted, asked);
    if (!holder) co_return std::unexpected(holder.error());
    held = *holder;
    if (held) asked.held = *held;
    if (held && asked.goes_on) asked.keeper = upstream_of(models, *held);
  } else {
    asked.facts.data_class = services.config.policy.default_class;
  }
  Plan plan = make_plan(models, services.routes, asked);
  for (const PassedOver& passed : plan.passed) call.decision.passed.push_back({passed.model, passed.reason});
  const bool unknown_keeper = asked.goes_on && asked.keeper.empty();
  const auto unclear = unknown_keeper ? ambiguous(*own, plan) : std::nullopt;
  if (unclear) co_return std::unexpected(*unclear);
  if (!plan.candidates.empty()) co_return plan;
  if (own != nullptr) {
    if (const auto never = why_never(*own, plan, asked.keeper)) co_return std::unexpected(*never);
  }
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

void keep_maker(const Call& call, std::string_view id, const Model& maker) {
  call.services.sessions.remember(key_of_kept(id), fmt::format("{} {}", maker.id, call.principal.id), steady_now());
}

void keep_conversation(Call& call) {
  if (call.decision.conversation)
    call.services.sessions.remember(*call.decision.conversation, call.decision.model->id, steady_now());
}

}  // namespace hearth::gateway
