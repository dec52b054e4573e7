#include "outgoing.h"

#include "redacted.h"
#include "trimmed.h"

#include <hearth/dialects/anthropic_upstream.h>
#include <hearth/dialects/chat_stream.h>

#include <fmt/format.h>

namespace hearth::gateway {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";
constexpr std::string_view kCompletions = "/v1/completions";

using Restoring = std::unique_ptr<Relay> (*)(const privacy::Placeholders&, std::unique_ptr<Relay>);

// With placeholders for what the candidate may not see, where it may see those only; and what gives the originals back.
net::awaitable<Attempt<>> hide(Call& call, const Candidate& candidate, Outgoing& out, std::string body,
                               Restoring with = restoring) {
  auto redacted = co_await redact(call, std::move(body), candidate.model->upstream->facts().sees);
  if (!redacted) co_return not_begun(redacted.error(), Again::elsewhere);
  out.redacted = std::make_unique<const privacy::Redacted>(std::move(*redacted));
  out.relay = with(out.redacted->placeholders, std::move(out.relay));
  co_return Attempt<>();
}

net::awaitable<Attempt<Outgoing>> as_it_is(Call& call, const Request& request, const Candidate& candidate) {
  Outgoing out;
  out.target = request.target;
  out.relay = request.relay(call);
  out.spliced = dialects::splice_string(request.body.view(), request.head.model_at, candidate.model->there());
  if (candidate.redact) {
    std::string whole = out.spliced.join();
    const auto hidden = co_await hide(call, candidate, out, std::move(whole));
    if (!hidden) co_return std::unexpected(hidden.error());
    out.whole = out.redacted->body;
  }
  const bool has_choices = request.target == kChat || request.target == kCompletions;
  if (candidate.model->upstream->facts().kind == UpstreamKind::engine || !has_choices) co_return out;
  out.relay = check_chat(std::move(out.relay), request.head.include_usage);
  if (request.head.stream && !request.head.include_usage)
    out.whole = dialects::ask_for_usage(out.whole.empty() ? out.spliced.join() : out.whole);
  co_return out;
}

// Of messages nothing gives the originals back: with placeholders they are translated.
bool goes_as_written(const Request& request, const Candidate& candidate) {
  if (request.own == nullptr || !request.own->is_for(candidate.model->upstream->facts())) return false;
  return !candidate.redact || request.own->dialect == AsWritten::Dialect::responses;
}

net::awaitable<Attempt<Outgoing>> as_written(Call& call, const AsWritten& own, const Candidate& candidate) {
  const bool responses = own.dialect == AsWritten::Dialect::responses;
  Outgoing out;
  out.target = own.target;
  out.relay = own.target.ends_with("/messages") ? pass_message() : pass_through(call);
  out.spliced = dialects::splice_string(own.body.view(), own.model_at, candidate.model->there());
  // What the client wants tried out is between the two.
  const std::string_view beta = responses ? "openai-beta" : "anthropic-beta";
  if (const auto wanted = call.exchange.request().headers.get(beta); !wanted.empty())
    out.headers.add(std::string(beta), std::string(wanted));
  if (!responses) co_return out;
  if (candidate.redact) {
    std::string whole = out.spliced.join();
    const auto hidden = co_await hide(call, candidate, out, std::move(whole), restoring_response);
    if (!hidden) co_return std::unexpected(hidden.error());
    out.whole = out.redacted->body;
  }
  out.relay = check_response(std::move(out.relay));
  co_return out;
}

net::awaitable<Attempt<Outgoing>> to_anthropic(Call& call, const Request& request, const Candidate& candidate) {
  const Model& model = *candidate.model;
  if (request.target != kChat)
    co_return give_up(dialects::api_error(dialects::ApiCode::unsupported_value,
                                          fmt::format("{} answers chats and messages only", model.id), "model"),
                      Again::elsewhere);
  Outgoing out;
  out.target = "/v1/messages";
  out.relay = request.relay(call);
  if (candidate.redact) {
    const auto hidden = co_await hide(call, candidate, out, std::string(request.body.view()));
    if (!hidden) co_return std::unexpected(hidden.error());
  }
  const std::uint64_t most = model.upstream->facts().max_output;
  const auto translate = [&] {
    return out.redacted == nullptr ? dialects::translate_chat(request.body, most)
                                   : dialects::translate_chat(dialects::JsonBody::copy_of(out.redacted->body), most);
  };
  auto translated = co_await parse_sized(call, request.body.size(), translate);
  if (!translated) co_return give_up(translated.error(), Again::elsewhere);
  out.relay = from_anthropic(std::move(out.relay), translated->head.include_usage);
  out.translated = std::make_unique<const dialects::TranslatedRequest>(std::move(*translated));
  out.spliced = dialects::splice_string(out.translated->body.view(), out.translated->head.model_at, model.there());
  co_return out;
}

net::awaitable<Attempt<Outgoing>> prepare_whole(Call& call, const Request& request, const Candidate& candidate) {
  if (goes_as_written(request, candidate)) co_return co_await as_written(call, *request.own, candidate);
  if (candidate.model->upstream->facts().speaks == Speaks::openai)
    co_return co_await as_it_is(call, request, candidate);
  co_return co_await to_anthropic(call, request, candidate);
}

}  // namespace

net::awaitable<Attempt<Outgoing>> prepare(Call& call, const Request& request, const Candidate& candidate) {
  auto out = co_await prepare_whole(call, request, candidate);
  if (out) {
    co_await leave_out(call, request, candidate, *out);
  }
  co_return out;
}

}  // namespace hearth::gateway
