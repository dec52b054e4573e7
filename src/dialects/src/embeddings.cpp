#include "src/enum_names.h"
#include "src/json_reader.h"

#include <hearth/dialects/embeddings.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {

namespace {

using json::Kind;
using json::Value;

constexpr EnumNames<EncodingFormat, 2> kEncodingFormats{
    {{"float", EncodingFormat::floats}, {"base64", EncodingFormat::base64}}};

Decoded<std::string_view> read_text(Value& value, const EmbeddingsLimits& limits) {
  HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
  if (text.empty()) {
    return std::unexpected(value.refuse(ApiCode::empty_string, "is an empty string; leave it out or send a text."));
  }
  if (text.size() > limits.max_text_bytes) {
    return std::unexpected(
        value.refuse(ApiCode::string_above_max_length,
                     fmt::format("is longer than {} bytes; split the text.", limits.max_text_bytes)));
  }
  return text;
}

Decoded<std::uint32_t> read_token(Value& value, const EmbeddingsLimits& limits) {
  HEARTH_TRY_ASSIGN(const std::int64_t id, value.integer(0, limits.max_token_id));
  return static_cast<std::uint32_t>(id);
}

Decoded<TokenIds> read_tokens(Value& value, const EmbeddingsLimits& limits) {
  TokenIds ids;
  HEARTH_TRY(value.each_item(limits.max_tokens, [&](std::size_t, Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::uint32_t id, read_token(item, limits));
    ids.push_back(id);
    return {};
  }));
  if (ids.empty()) return std::unexpected(value.refuse(ApiCode::empty_array, "has no token ids."));
  return ids;
}

// Reads the items of an array whose kind its first item decides: texts, token ids, or lists of token ids.
class ArrayInput {
 public:
  explicit ArrayInput(const EmbeddingsLimits& limits) : limits_(limits) {}

  Decoded<void> add(Value& item, std::size_t index) {
    const Kind kind = item.kind();
    if (index == 0) {
      first_ = kind;
    } else if (kind != first_ && kind != Kind::malformed) {
      return std::unexpected(item.refuse(
          ApiCode::invalid_type, "differs in type from the item before; all must be strings, or all token ids."));
    }
    if (kind == Kind::number) {
      HEARTH_TRY_ASSIGN(const std::uint32_t id, read_token(item, limits_));
      ids_.push_back(id);
      return {};
    }
    // A flat list of ids is one input; of texts and lists, each item is one.
    if (index >= limits_.max_inputs) return too_many();
    if (kind == Kind::string) {
      HEARTH_TRY_ASSIGN(const std::string_view text, read_text(item, limits_));
      texts_.push_back(text);
      return {};
    }
    if (kind == Kind::array) {
      HEARTH_TRY_ASSIGN(TokenIds ids, read_tokens(item, limits_));
      lists_.push_back(std::move(ids));
      return {};
    }
    return std::unexpected(item.wrong_type("a string, a token id or a list of token ids"));
  }

  EmbeddingsInput take() {
    if (first_ == Kind::number) return std::move(ids_);
    if (first_ == Kind::array) return std::move(lists_);
    return std::move(texts_);
  }

 private:
  [[nodiscard]] std::unexpected<ApiError> too_many() const {
    return reject(ApiCode::array_above_max_length,
                  fmt::format("`input` has more than {} items; send them in batches.", limits_.max_inputs), "input");
  }

  const EmbeddingsLimits& limits_;
  Kind first_ = Kind::null;
  std::vector<std::string_view> texts_;
  TokenIds ids_;
  std::vector<TokenIds> lists_;
};

Decoded<EmbeddingsInput> read_input(Value& value, const EmbeddingsLimits& limits) {
  if (value.kind() == Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view text, read_text(value, limits));
    return EmbeddingsInput(text);
  }
  if (value.kind() != Kind::array) {
    return std::unexpected(value.wrong_type("a string, an array of strings or an array of token ids"));
  }
  ArrayInput input(limits);
  std::size_t items = 0;
  HEARTH_TRY(value.each_item(std::max(limits.max_tokens, limits.max_inputs + 1),
                             [&](std::size_t index, Value item) -> Decoded<void> {
                               ++items;
                               return input.add(item, index);
                             }));
  if (items == 0)
    return std::unexpected(value.refuse(ApiCode::empty_array, "is an empty array; send at least one text."));
  return input.take();
}

}  // namespace

std::size_t input_count(const EmbeddingsInput& input) noexcept {
  if (const auto* texts = std::get_if<std::vector<std::string_view>>(&input)) return texts->size();
  if (const auto* lists = std::get_if<std::vector<TokenIds>>(&input)) return lists->size();
  return 1;
}

Decoded<EmbeddingsRequest> decode_embeddings(const JsonBody& body, const EmbeddingsLimits& limits) {
  static constexpr std::array<std::string_view, 5> kFields{"model", "input", "encoding_format", "dimensions", "user"};
  EmbeddingsRequest request;
  json::Document document(body);
  const auto read = [&](std::string_view name, Value value) -> Decoded<void> {
    if (name == "model") {
      request.model_at = value.span();
      HEARTH_TRY_ASSIGN(request.model, value.name());
    } else if (name == "input") {
      HEARTH_TRY_ASSIGN(request.input, read_input(value, limits));
    } else if (name == "encoding_format") {
      HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
      HEARTH_TRY_ASSIGN(request.encoding_format, parse_enum(kEncodingFormats, text, name));
    } else if (name == "dimensions") {
      HEARTH_TRY_ASSIGN(const std::int64_t dimensions, value.integer(1, limits.max_dimensions));
      request.dimensions = static_cast<std::uint32_t>(dimensions);
    } else {
      HEARTH_TRY_ASSIGN(request.user, value.string());
    }
    return {};
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kFields, read));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("input"));
  request.unescaped = document.unescaped();
  return request;
}

SplicedBody forward_embeddings(const JsonBody& body, const EmbeddingsRequest& request, std::string_view model) {
  return splice_string(body.view(), request.model_at, model);
}

Result<EmbeddingsAnswer> decode_embeddings_answer(const JsonBody& body) {
  static constexpr std::array<std::string_view, 3> kFields{"data", "model", "usage"};
  static constexpr std::array<std::string_view, 2> kUsage{"prompt_tokens", "total_tokens"};
  constexpr std::int64_t kMaxTokens = std::int64_t{1} << 53;
  EmbeddingsAnswer answer;
  json::Document document(body);
  const auto read_usage = [&](std::string_view name, Value value) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::int64_t tokens, value.integer(0, kMaxTokens));
    (name == "prompt_tokens" ? answer.prompt_tokens : answer.total_tokens) = tokens;
    return {};
  };
  const auto read = [&](std::string_view name, Value value) -> Decoded<void> {
    if (name == "model") {
      if (value.kind() != Kind::string) return std::unexpected(value.wrong_type("a string"));
      answer.model_at = value.span();
    } else if (name == "usage") {
      HEARTH_TRY(value.each_field(kUsage, read_usage));
    } else if (value.kind() != Kind::array) {
      return std::unexpected(value.wrong_type("an array"));
    }
    // The vectors in `data` are left to be skipped: the client reads them.
    return {};
  };
  const auto fields = document.each_field(kFields, read);
  if (!fields) return fail(json::engine_fault(fields.error(), "the embeddings answer"));
  if (!fields->has("data")) return fail(Errc::protocol_error, "The embeddings answer has no `data`.");
  return answer;
}

}  // namespace hearth::dialects
