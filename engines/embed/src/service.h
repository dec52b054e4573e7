// POST /v1/embeddings from a body to an answer, without the HTTP around it.
#pragma once

#include "cl100k.h"
#include "embedder.h"
#include "request.h"
#include "table.h"

#include <hearth/core/error.h>

#include <functional>
#include <string>
#include <string_view>

namespace hearth::embed {

// The two tables an answer is made from. Immutable; any thread.
struct Tables {
  TableView words;
  Cl100kView ids;
};

// Where an answer goes. Small answers come in one piece, large ones in several, so that ten thousand vectors never lie
// in memory at once. Either may refuse (the client has gone); then the rest is not computed.
struct Sink {
  std::function<Result<void>(std::string_view whole)> whole;
  std::function<Result<void>(std::string_view piece)> piece;
};

// Computes one input's vector into a span of the request's dimensions; gives the number of tokens.
using EmbedOne = std::function<Result<std::size_t>(const Input& input, std::span<Component> into)>;
// Writes the answer to a decoded request, input by input. The failure of `embed`, which ends the answer midway when a
// piece was sent; failures of the sink end it silently.
Result<void> answer_request(const EmbedRequest& request, std::string_view model, const EmbedOne& embed,
                            const Sink& sink);

// Serves one request after the other with the same scratch memory. One thread.
class Service {
 public:
  // `tables` must outlive it.
  explicit Service(const Tables& tables);
  // The vectors, in order; or a refusal, before anything went to the sink. Failures of the sink end it silently.
  std::expected<void, Refusal> answer(std::string& body, const Sink& sink);

 private:
  std::size_t embed(const EmbedRequest& request, const Input& input, std::span<Component> into);

  const Tables* tables_;
  RequestDecoder decoder_;
  Embedder embedder_;
  std::string decoded_;
};

}  // namespace hearth::embed
