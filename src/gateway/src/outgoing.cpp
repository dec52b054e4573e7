#include "outgoing.h"

#include <hearth/dialects/anthropic_upstream.h>
#include <hearth/dialects/chat_stream.h>

#include <fmt/format.h>

namespace hearth::gateway {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";
constexpr std::string_view kCompletions = "/v1/completions";

Outgoing as_it_is(Call& call, const Request& request, const Candidate& candidate) {
  Outgoing out;
  out.target = request.target;
  out.relay = request.relay(call);
  out.spliced = dialects::splice_string(request.body.view(), request.head.model_at, candidate.model->there());
  const bool has_choices = request.target == kChat || request.target == kCompletions;
  if (candidate.model->upstream->facts().kind == UpstreamKind::engine || !has_choices) return out;
  out.relay = check_chat(std::move(out.relay), request.head.include_usage);
  if (request.head.stream && !request.head.include_usage) out.whole = dialects::ask_for_usage(out.spliced.join());
  return out;
}

Outgoing in_their_own(Call& call, const InAnthropic& own, const Candidate& candidate) {
  Outgoing out;
  out.target = own.target;
  out.relay = own.target.ends_with("/messages") ? pass_message() : pass_through(call);
  out.spliced = dialects::splice_string(own.body.view(), own.model_at, candidate.model->there());
  // What a client of Anthropic's wants tried out is between the two.
  constexpr std::string_view kBeta = "anthropic-beta";
  if (const auto beta = call.exchange.request().headers.get(kBeta); !beta.empty())
    out.headers.add(std::string(kBeta), std::string(beta));
  return out;
}

net::awaitable<Attempt<Outgoing>> to_anthropic(Call& call, const Request& request, const Candidate& candidate) {
  const Model& model = *candidate.model;
  if (request.target != kChat)
    co_return give_up(dialects::api_error(dialects::ApiCode::unsupported_value,
                                          fmt::format("{} answers chats and messages only", model.id), "model"),
                      Again::elsewhere);
  const std::uint64_t most = model.upstream->facts().max_output;
  auto translated =
      co_await parse_sized(call, request.body.size(), [&] { return dialects::translate_chat(request.body, most); });
  if (!translated) co_return give_up(translated.error(), Again::elsewhere);
  Outgoing out;
  out.target = "/v1/messages";
  out.relay = from_anthropic(request.relay(call), translated->head.include_usage);
  out.translated = std::make_unique<const dialects::TranslatedRequest>(std::move(*translated));
  out.spliced = dialects::splice_string(out.translated->body.view(), out.translated->head.model_at, model.there());
  co_return out;
}

}  // namespace

net::awaitable<Attempt<Outgoing>> prepare(Call& call, const Request& request, const Candidate& candidate) {
  if (candidate.model->upstream->facts().speaks == Speaks::openai) co_return as_it_is(call, request, candidate);
  if (request.own != nullptr) co_return in_their_own(call, *request.own, candidate);
  co_return co_await to_anthropic(call, request, candidate);
}

}  // namespace hearth::gateway
