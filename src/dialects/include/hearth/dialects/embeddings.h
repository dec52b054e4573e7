// POST /v1/embeddings: OpenAI's request, read in one pass without copying its texts, and forwarded by splicing.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/json_body.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hearth::dialects {

enum class EncodingFormat { floats, base64 };

using TokenIds = std::vector<std::uint32_t>;
using EmbeddingsInput = std::variant<std::string_view, std::vector<std::string_view>, TokenIds, std::vector<TokenIds>>;

struct EmbeddingsLimits {
  std::size_t max_inputs = 2048;         // `limits.embedding_inputs`
  std::size_t max_text_bytes = 1 << 20;  // of one text
  std::size_t max_tokens = 65536;        // ids in one list
  std::uint32_t max_token_id = 0x7fffffff;
  std::uint32_t max_dimensions = 65536;
};

// Its texts view into the body, or into `unescaped` where the JSON had escapes; the body must outlive the request.
struct EmbeddingsRequest {
  std::string model;
  Span model_at;  // for splicing
  EmbeddingsInput input;
  EncodingFormat encoding_format = EncodingFormat::floats;
  std::optional<std::uint32_t> dimensions;
  std::optional<std::string> user;
  std::shared_ptr<const std::string> unescaped;
};

// How many vectors the answer will have.
std::size_t input_count(const EmbeddingsInput& input) noexcept;

// Unknown fields are ignored, null counts as absent. A field that is read here and stands there twice is refused: the
// engine might read the other one. `param` of errors: "model", "input", "input[3]", "input[3][17]", "dimensions", …
Decoded<EmbeddingsRequest> decode_embeddings(const JsonBody& body, const EmbeddingsLimits& limits = {});

// The request as it goes to the engine: all as the client sent it, only `model` replaced.
SplicedBody forward_embeddings(const JsonBody& body, const EmbeddingsRequest& request, std::string_view model);

// What the gateway needs of an engine's answer; the vectors are passed on unread.
struct EmbeddingsAnswer {
  Span model_at;  // replace it with the name that the client asked for; length 0 if the engine named none
  std::int64_t prompt_tokens = 0;
  std::int64_t total_tokens = 0;
};
// protocol_error if it is not an embeddings answer.
Result<EmbeddingsAnswer> decode_embeddings_answer(const JsonBody& body);

}  // namespace hearth::dialects
