// One request on its way through the gateway: made once, then only read. What is decided on the way goes into its
// Decision.
#pragma once

#include "outlet.h"

#include <hearth/answers/cache.h>
#include <hearth/answers/idempotency.h>
#include <hearth/answers/request.h>
#include <hearth/dialects/json_body.h>
#include <hearth/egress/ledger.h>
#include <hearth/egress/link_state.h>
#include <hearth/gateway/call_log.h>
#include <hearth/gateway/gateway.h>
#include <hearth/gateway/plan.h>
#include <hearth/privacy/declassify.h>
#include <hearth/privacy/detectors.h>
#include <hearth/spend/budgets.h>
#include <hearth/trim/pays.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hearth::gateway {

class Sessions;

// What handlers work with. Outlives every call.
struct Services {
  const config::Config& config;
  const Catalogue& catalogue;
  Upstream* media;
  net::BlockingPool& pool;
  FileStore& files;
  SpoolBudget& spool;
  std::filesystem::path spool_folder;
  SpoolBudget& body_memory;  // of JSON bodies, all requests together
  const Routes& routes;
  const Qualities& qualities;
  Sessions& sessions;
  const privacy::Detectors& detectors;
  std::span<const privacy::DeclassifyRule> declassify;
  deferred::Queue& deferred;
  const std::function<std::string(std::string_view)>& webhook_secret;
  answers::Cache* cache;  // nullptr: there is none
  answers::Flights& flights;
  answers::Idempotency& idempotency;
  spend::Budgets& budgets;
  trim::Pays& pays;
  const std::function<egress::LinkState()>& link;  // not set: the world outside can be reached
  egress::Ledger* ledger;                          // nullptr: what leaves the box cannot be recorded, so nothing may
  std::string policy_version;                      // of the rules in force: what was answered under others is not used
};

struct Decision {
  std::string_view operation = "other";
  std::string requested_model;
  DataClass data_class = kUnknownClass;
  std::optional<privacy::Lowered> lowered;  // by a rule, to data_class
  std::optional<DataClass> redacted_class;  // of the data with placeholders; only where something may have one
  std::string agent;                        // on whose behalf it is, by its name in hearth.yaml; empty: nobody's
  std::optional<DataClass> agent_class;     // that its owner gave it
  std::string found;                        // by the detectors, in words: "2 email, 1 card"
  bool judged = false;                      // somebody looked how confidential the data are
  std::shared_ptr<const Model> model;       // who is asked, or was last
  std::string reason;                       // why that one
  std::vector<CallStory::Passed> passed;    // who was not asked
  std::vector<CallStory::Tried> tried;      // who was
  std::optional<std::size_t> conversation;  // under which it is remembered who answered
  std::string_view source;                  // of an answer that nobody was asked for: "cache", "joined", "replayed"
  int attempts = 0;
  int status = 0;
  std::optional<SteadyTime> first_byte;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  spend::Cost cost;                              // of the answer
  std::shared_ptr<const trim::Trimmed> trimmed;  // how the request was sent; null: nobody looked for what to leave out
  std::string allow;                             // of a 405: the methods that the path takes
};

// Whose clients a route is for: the shape of errors, and the name of the header with the request's id.
enum class Dialect { openai, responses, anthropic, ollama };

struct Call {
  std::string id;  // "req_…", in the answer's x-request-id and in the log
  Principal principal;
  SteadyTime began;
  Outlet& exchange;
  const Services& services;
  Decision decision;
  Dialect dialect = Dialect::openai;
  Charge body_memory = {};
  std::optional<answers::Request> asked = {};  // what could be answered from what was answered before
  std::optional<answers::Ticket> ticket = {};  // of one that is sent under an Idempotency-Key
  bool ticket_spent = false;                   // from here on it may have to be paid for
  bool own_errand = false;                     // sent by the box itself in its principal's name
  bool origin_welcome = true;                  // false: a web page from elsewhere, which must not even read the refusal
};

// Headers that every answer has.
net::Headers answer_headers(const Call& call, std::string_view content_type);
// Whole answers. A client that has left is not an error here.
net::awaitable<void> reply(Call& call, int status, std::string_view content_type, std::string_view body);
net::awaitable<void> reply_json(Call& call, std::string_view body);
// Before the answer began: the error. In a stream of events: an error event, and the stream's end. In a stream of
// bytes: the connection is cut, which is the only sign there is.
enum class StreamKind { bytes, events };
net::awaitable<void> reply_error(Call& call, dialects::ApiError error, StreamKind kind = StreamKind::bytes);
// The same to `client`, whoever else follows the call.
net::awaitable<void> tell_error(Call& call, net::Exchange& client, dialects::ApiError error, StreamKind kind);

// The body as JSON, within limits.json_body.
net::awaitable<dialects::Decoded<dialects::JsonBody>> receive_json(Call& call);

inline constexpr std::size_t kInlineParse = 64 * 1024;  // larger bodies are parsed on the pool, not on the I/O thread

// Runs `decode()` (which returns a Decoded<T> or Result<T>) on the pool when `size` is large.
template <typename Decode>
net::awaitable<std::invoke_result_t<Decode>> parse_sized(Call& call, std::size_t size, Decode decode) {
  using R = std::invoke_result_t<Decode>;
  if (size <= kInlineParse) co_return decode();
  Result<R> done = co_await call.services.pool.run([&decode]() -> Result<R> { return decode(); });
  if (done) co_return std::move(*done);
  if constexpr (std::is_same_v<typename R::error_type, Error>) {
    co_return fail(done.error());
  } else {
    co_return std::unexpected(dialects::to_api_error(done.error()));
  }
}

// The model for this call, noted in its decision; model_not_found names those that are here.
dialects::Decoded<std::shared_ptr<const Model>> choose_model(Call& call, std::string_view name, Task task);

// Handlers, one file per resource.
net::awaitable<void> handle_embeddings(Call& call);
net::awaitable<void> handle_speech(Call& call);
net::awaitable<void> handle_voices(Call& call);
net::awaitable<void> handle_transcription(Call& call);
net::awaitable<void> handle_translation(Call& call);
net::awaitable<void> handle_ocr(Call& call);
net::awaitable<void> handle_detections(Call& call);
net::awaitable<void> handle_chat(Call& call);
net::awaitable<void> handle_completions(Call& call);
net::awaitable<void> handle_rerank(Call& call);
net::awaitable<void> handle_responses(Call& call);
net::awaitable<void> handle_messages(Call& call);
net::awaitable<void> handle_count_tokens(Call& call);
net::awaitable<void> handle_ollama_chat(Call& call);
net::awaitable<void> handle_ollama_generate(Call& call);
net::awaitable<void> handle_ollama_embed(Call& call);
net::awaitable<void> handle_ollama_embedding(Call& call);
net::awaitable<void> handle_ollama_tags(Call& call);
net::awaitable<void> handle_ollama_running(Call& call);
net::awaitable<void> handle_ollama_version(Call& call);
net::awaitable<void> handle_ollama_show(Call& call);
net::awaitable<void> handle_models(Call& call);
net::awaitable<void> handle_files(Call& call);

}  // namespace hearth::gateway
