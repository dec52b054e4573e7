#include "judge.h"

#include <hearth/core/utf8.h>
#include <hearth/privacy/class_of_call.h>

#include <fmt/format.h>

namespace hearth::gateway {

namespace {

// "2 email, 1 card".
std::string in_words(const privacy::BodyScan& scan) {
  std::string text;
  const auto add = [&](std::uint32_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  for (std::size_t kind = 0; kind < scan.counts.size(); ++kind)
    add(scan.counts[kind], to_string(static_cast<privacy::Kind>(kind)));
  add(scan.files, "file");
  return text;
}

privacy::Classes may_redact(const config::Privacy& privacy) {
  using enum config::WhenLeaving;
  return {false, privacy.internal == redact, privacy.personal == redact, privacy.secret == redact};
}

// The owner, and whoever needs no key, have names that no key of that name speaks for.
privacy::Caller caller_of(const Call& call) {
  constexpr std::string_view kKeyId = "key_";
  const Principal& who = call.principal;
  if (!who.id.starts_with(kKeyId)) return {.key_id = {}, .key_name = {}, .agent = call.decision.agent};
  return {.key_id = who.id, .key_name = who.name, .agent = call.decision.agent};
}

}  // namespace

dialects::Decoded<std::optional<DataClass>> said_class(const net::Headers& headers) {
  const std::string_view said = headers.get(kClassHeader);
  if (said.empty()) return std::nullopt;
  if (const auto known = parse_data_class(said)) return known;
  return dialects::reject(dialects::ApiCode::invalid_value,
                          fmt::format("{}: '{}' is no class of data; there are public, internal, personal and secret",
                                      kClassHeader, said.substr(0, 40)),
                          std::string(kClassHeader));
}

dialects::Decoded<> note_agent(Call& call) {
  const std::string_view name = call.exchange.request().headers.get(kAgentHeader);
  if (name.empty()) return {};
  const auto& agents = call.services.config.agents;
  const auto agent = agents.find(std::string(name));
  if (agent == agents.end())
    return dialects::reject(dialects::ApiCode::invalid_value,
                            fmt::format("{}: hearth.yaml has no agent '{}' under `agents:`", kAgentHeader,
                                        is_utf8(name) ? name.substr(0, 40) : "(not UTF-8)"),
                            std::string(kAgentHeader));
  call.decision.agent = agent->first;
  call.decision.agent_class = agent->second.data_class;
  return {};
}

net::awaitable<dialects::Decoded<>> judge(Call& call, const dialects::JsonBody& body) {
  const config::Config& config = call.services.config;
  const auto said = said_class(call.exchange.request().headers);
  if (!said) co_return std::unexpected(said.error());
  const auto scan = co_await parse_sized(call, body.size(), [&] {
    return dialects::Decoded<privacy::BodyScan>(call.services.detectors.scan_body(body.view()));
  });
  if (!scan) co_return std::unexpected(scan.error());

  // What is in a file nobody looked at.
  const std::vector<std::optional<DataClass>> inputs(scan->files > 0 ? 1 : 0);
  privacy::ClassSources sources{.key = call.principal.data_class,
                                .header = *said,
                                .agent = call.decision.agent_class,
                                .unsaid = config.policy.default_class,
                                .detected = scan->highest,
                                .inputs = inputs};
  Decision& decision = call.decision;
  decision.lowered = privacy::declassify(call.services.declassify, caller_of(call), sources,
                                         {.found = scan->found, .complete = scan->complete});
  decision.data_class = decision.lowered ? decision.lowered->to : privacy::class_of_call(sources);
  decision.found = in_words(*scan);
  if (scan->complete && scan->highest > DataClass::open) {
    sources.detected = DataClass::open;
    decision.redacted_class =
        privacy::class_if_redacted(privacy::class_of_call(sources), scan->classes, may_redact(config.privacy));
  }
  co_return dialects::Decoded<>();
}

}  // namespace hearth::gateway
