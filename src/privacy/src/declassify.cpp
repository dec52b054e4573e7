#include <hearth/privacy/declassify.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::privacy {

namespace {

// Kind::custom is no name: which pattern it was is what matters.
std::optional<std::size_t> find_kind(std::string_view name) {
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    if (static_cast<Kind>(kind) != Kind::custom && to_string(static_cast<Kind>(kind)) == name) return kind;
  return std::nullopt;
}

Result<void> allow(std::string_view name, const Detectors& detectors, Found& most) {
  const auto kind = find_kind(name);
  const auto pattern = detectors.place_of(name);
  if (kind && pattern)
    return fail(Errc::invalid_argument,
                fmt::format("\"{}\" is both a kind and a pattern of your own; call the pattern something else", name));
  if (!kind && !pattern)
    return fail(Errc::invalid_argument,
                fmt::format("\"{}\" is no kind of docs/privacy.md and no name under `patterns`", name.substr(0, 80)));
  if (kind) most.kinds.set(*kind);
  if (pattern) most.patterns.set(*pattern);
  return {};
}

bool concerns(const DeclassifyRule& rule, const Caller& caller) noexcept {
  const auto named = [](const std::vector<std::string>& names, std::string_view name) {
    return !name.empty() && std::ranges::find(names, name) != names.end();
  };
  return (named(rule.keys, caller.key_id) || named(rule.keys, caller.key_name)) &&
         (rule.agents.empty() || named(rule.agents, caller.agent));
}

bool allows(const DeclassifyRule& rule, const ClassSources& sources, const Seen& seen) noexcept {
  if (!seen.complete || !sources.detected) return false;
  // Who says of what class the findings are, and not what they are, does not say enough.
  if (seen.found.nothing() && *sources.detected > DataClass::open) return false;
  return seen.found.within(rule.most) && (rule.inputs || sources.inputs.empty());
}

}  // namespace

Result<DeclassifyRule> make_rule(const WrittenRule& written, const Detectors& detectors) {
  DeclassifyRule rule{std::string(written.name),
                      {written.keys.begin(), written.keys.end()},
                      {written.agents.begin(), written.agents.end()},
                      {},
                      written.inputs,
                      written.to};
  for (const std::string& name : written.found) {
    if (const auto allowed = allow(name, detectors, rule.most); !allowed)
      return fail(allowed.error().wrap(fmt::format("declassify.{}.found", written.name)));
  }
  return rule;
}

std::optional<Lowered> declassify(std::span<const DeclassifyRule> rules, const Caller& caller,
                                  const ClassSources& sources, const Seen& seen) noexcept {
  if (rules.empty()) return std::nullopt;
  const DataClass from = class_of_call(sources);
  const DataClass said = class_said(sources);
  Lowered lowered{nullptr, from, from};
  for (const DeclassifyRule& rule : rules) {
    const DataClass to = join(said, rule.to);
    if (to < lowered.to && concerns(rule, caller) && allows(rule, sources, seen)) lowered = {&rule, from, to};
  }
  if (lowered.rule == nullptr) return std::nullopt;
  return lowered;
}

}  // namespace hearth::privacy
