#include "trimmed.h"

#include <algorithm>
#include <utility>

namespace hearth::gateway {
namespace {

// What a token that is read from the provider's cache costs, of one that is not.
double cached_price(const Call& call, const Model& model) {
  constexpr double kUsual = 0.1;
  const spend::ModelPrice* price = call.services.budgets.prices().find(model.upstream->name(), model.there());
  if (price == nullptr || price->periods.empty()) return kUsual;
  const spend::Rates& rates = price->periods.back().rates;
  if (rates.input <= 0) return kUsual;
  return std::clamp(static_cast<double>(rates.cached) / static_cast<double>(rates.input), 0.0, 1.0);
}

bool is_wanted(const Call& call, const Candidate& candidate, const Outgoing& out) {
  if (!call.services.config.trim.enabled || !call.decision.conversation) return false;
  if (candidate.model->upstream->facts().kind == UpstreamKind::engine) return false;
  if (out.target != "/v1/chat/completions" && out.target != "/v1/messages") return false;
  return call.exchange.request().headers.get("x-hearth-trim") != "off";
}

std::string joined(const net::BodyParts& parts) {
  std::string whole;
  whole.reserve(parts.size() + dialects::kJsonPadding);
  return whole.append(parts.first).append(parts.second).append(parts.third);
}

// A page's entities and tags may hide what its text does not: nothing goes that the candidate may not see.
trim::Trimmed trim_for(const privacy::Detectors& detectors, DataClass sees, std::string body,
                       const trim::Settings& settings) {
  trim::Trimmed trimmed = trim::trim(std::move(body), settings);
  const bool decoded = trimmed.of(trim::Step::markup).times > 0 || trimmed.of(trim::Step::whitespace).times > 0;
  if (trimmed.body && decoded && detectors.scan_body(*trimmed.body).highest > sees) return {};
  return trimmed;
}

}  // namespace

trim::Steps steps_of(const config::Config& config) {
  trim::Steps steps;
  if (!config.trim.enabled) return steps;
  for (const std::string& name : config.trim.steps)
    if (const auto step = trim::find_step(name)) steps.add(*step);
  return steps;
}

net::awaitable<void> leave_out(Call& call, const Request& request, const Candidate& candidate, Outgoing& out) {
  call.decision.trimmed.reset();
  if (!is_wanted(call, candidate, out) || !trim::may_trim(request.body.view())) co_return;
  const Model& model = *candidate.model;
  const auto terms = call.services.pays.terms(model.id, *call.decision.conversation, steady_now());
  const UpstreamFacts& facts = model.upstream->facts();
  const trim::Settings settings{
      .steps = terms.steps,
      .smallest = call.services.config.trim.smallest,
      .dialect = facts.speaks == Speaks::anthropic ? trim::Dialect::anthropic : trim::Dialect::openai,
      .prune_tools = terms.prune_tools};
  const net::BodyParts body = out.body();
  const auto trim = [&]() -> Result<trim::Trimmed> {
    return trim_for(call.services.detectors, facts.sees, joined(body), settings);
  };
  auto trimmed = co_await parse_sized(call, body.size(), trim);
  if (!trimmed) co_return;  // the pool is stopping: it goes as it is
  auto kept = std::make_shared<trim::Trimmed>(std::move(*trimmed));
  if (kept->body) {
    out.whole = std::move(*kept->body);
    kept->body.reset();
  }
  call.decision.trimmed = std::move(kept);
}

void note_savings(Call& call, const Candidate& candidate, const dialects::Usage& usage) {
  if (call.decision.trimmed == nullptr) return;
  const Model& model = *candidate.model;
  call.services.pays.answered(model.id, *call.decision.conversation, *call.decision.trimmed,
                              {usage.input_tokens, usage.cached_tokens, cached_price(call, model)}, steady_now());
}

CallStory::Trimmed trimmed_story(const Call& call) {
  CallStory::Trimmed story;
  const trim::Trimmed* trimmed = call.decision.trimmed.get();
  if (trimmed == nullptr) return story;
  story.bytes = trimmed->bytes_saved;
  story.tokens = trimmed->tokens_saved;
  for (const trim::Step step : trim::kAllSteps)
    if (trimmed->of(step).saved() > 0) story.steps.emplace_back(to_string(step), trimmed->of(step).saved());
  if (call.decision.model != nullptr)
    story.resting = call.services.pays.off(call.decision.model->id, steady_now()).text();
  return story;
}

}  // namespace hearth::gateway
