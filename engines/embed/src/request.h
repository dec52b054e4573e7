// Decodes the body of POST /v1/embeddings.
#pragma once

#include "cl100k.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::embed {

inline constexpr std::size_t kMaxBody = 8U << 20U;
inline constexpr std::size_t kMaxInputs = 10'000;
inline constexpr std::size_t kMaxIdsPerInput = 1U << 16U;

// Why a request is refused, in the words of OpenAI's error object.
struct Refusal {
  int status = 400;
  std::string code;
  std::string message;
  std::string param;  // empty: the body as a whole
};

enum class Encoding { floats, base64 };

// One text to embed: given as such, or as token ids (a piece of EmbedRequest::ids).
struct Input {
  std::string_view text;
  std::uint32_t first_id = 0;
  std::uint32_t id_count = 0;  // 0: `text` is it
};

struct EmbedRequest {
  std::vector<Input> inputs;
  std::vector<std::uint32_t> ids;
  std::uint32_t dimensions = 0;
  Encoding encoding = Encoding::floats;
};

// Owns the parser's memory, which it uses again from one request to the next unless one was large. One thread.
class RequestDecoder {
 public:
  // `dims`: what the table has. `vocabulary`: what ids may be; must outlive this.
  RequestDecoder(std::uint32_t dims, const Cl100kView& vocabulary);
  ~RequestDecoder();
  RequestDecoder(const RequestDecoder&) = delete;
  RequestDecoder& operator=(const RequestDecoder&) = delete;

  // The texts of the result point into this decoder until the next call. `body` may get spare capacity, its content
  // stays. At most kMaxBody bytes.
  std::expected<EmbedRequest, Refusal> decode(std::string& body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::embed
