// POST /v1/embeddings: the engine speaks the same dialect, so the body goes through with only the model's name
// replaced.
#include "answer_once.h"
#include "departure.h"
#include "dispatch.h"

#include <hearth/dialects/embeddings.h>

#include <fmt/format.h>

namespace hearth::gateway {
namespace {

constexpr std::size_t kMaxAnswer = 512 << 20;

struct Embedded {
  dialects::JsonBody json;
  dialects::EmbeddingsAnswer read;
};

net::awaitable<Attempt<Embedded>> read_answer(Call& call, Lease& place, const Upstream& upstream,
                                              net::ClientCall& exchange, Departure& departure) {
  const auto answered = co_await expect_ok(place, upstream, exchange);
  if (!answered) co_return std::unexpected(answered.error());
  auto answer = co_await exchange.read_all(kMaxAnswer);
  if (!answer) co_return broke(place, upstream, answer.error());
  departure.received(answer->size());
  answer->reserve(answer->size() + dialects::kJsonPadding);
  dialects::JsonBody json(std::move(*answer));
  const auto read = co_await parse_sized(call, json.size(), [&] { return dialects::decode_embeddings_answer(json); });
  if (!read) co_return unreadable(place, upstream);
  place.finish(Outcome::ok);
  co_return Embedded{std::move(json), *read};
}

net::awaitable<Attempt<Embedded>> embed_once(Call& call, const dialects::JsonBody& asked,
                                             const dialects::EmbeddingsRequest& request, const Candidate& candidate) {
  Upstream& upstream = *candidate.model->upstream;
  const dialects::SplicedBody body = dialects::forward_embeddings(asked, request, candidate.model->there());
  auto lease = co_await acquire(call, upstream);
  if (!lease) co_return std::unexpected(lease.error());
  Lease& place = **lease;
  const Cargo cargo{{body.head, body.replacement, body.tail}, {.max_output = 0}};
  auto departure = co_await depart(call, candidate, cargo);
  if (!departure) co_return std::unexpected(departure.error());
  net::RequestHead head{"POST", "/v1/embeddings", {{"Content-Type", "application/json"}}};
  place.address(head);
  Attempt<Embedded> done = give_up({});
  auto sent = co_await place.client().send(std::move(head), cargo.body, place.deadline());
  if (sent) {
    done = co_await read_answer(call, place, upstream, *sent, *departure);
  } else {
    done = broke(place, upstream, sent.error());
  }
  dialects::Usage usage;
  if (done) usage.input_tokens = static_cast<std::uint64_t>(std::max<std::int64_t>(0, done->read.prompt_tokens));
  departure->close(done, usage);
  call.decision.cost = departure->cost();
  co_return done;
}

net::awaitable<void> ask_in_turn(Call& call, const dialects::JsonBody& body, const dialects::EmbeddingsRequest& request,
                                 const Plan& plan) {
  const auto attempt = [&](const Candidate& candidate) { return embed_once(call, body, request, candidate); };
  const Attempt<Embedded> answer = co_await try_each<Embedded>(call, plan, attempt);
  if (!answer) co_return co_await reply_error(call, answer.error().error);

  const auto& [json, read] = *answer;
  call.decision.input_tokens = static_cast<std::uint64_t>(std::max<std::int64_t>(0, read.prompt_tokens));
  if (read.model_at.length == 0 || request.model == call.decision.model->id)
    co_return co_await reply_json(call, json.view());
  const std::string renamed = dialects::splice_string(json.view(), read.model_at, request.model).join();
  co_await reply_json(call, renamed);
}

}  // namespace

net::awaitable<void> handle_embeddings(Call& call) {
  call.decision.operation = "embeddings";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  dialects::EmbeddingsLimits limits;
  limits.max_inputs = call.services.config.limits.embedding_inputs;
  auto request = co_await parse_sized(call, body->size(), [&] { return dialects::decode_embeddings(*body, limits); });
  if (!request) co_return co_await reply_error(call, request.error());
  const Wanted wanted{request->model, Task::embedding, &*body};
  const auto plan = co_await plan_call(call, wanted);
  if (!plan) co_return co_await reply_error(call, plan.error());
  const auto ask = [&] { return ask_in_turn(call, *body, *request, *plan); };
  co_await answer_once(call, plan->candidates.front(), &*body, ask);
}

}  // namespace hearth::gateway
