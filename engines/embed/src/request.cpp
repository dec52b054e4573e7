#include "request.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace hearth::embed {
namespace {

namespace od = simdjson::ondemand;
using od::json_type;

constexpr std::size_t kKeepParserBelow = 256U << 10U;

std::unexpected<Refusal> refuse(std::string_view code, std::string message, std::string_view param) {
  return std::unexpected(
      Refusal{.code = std::string(code), .message = std::move(message), .param = std::string(param)});
}

// What simdjson reports is either memory or the body's fault.
std::unexpected<Refusal> malformed(simdjson::error_code error) {
  if (error == simdjson::MEMALLOC)
    return std::unexpected(
        Refusal{.status = 500, .code = "internal", .message = "out of memory for this request", .param = {}});
  return refuse("invalid_json",
                fmt::format("The body is not valid JSON: {}. Send an object with the fields input and model.",
                            simdjson::error_message(error)),
                {});
}

// A wrong type at a place where the JSON itself may be broken as well.
std::unexpected<Refusal> wrong_type(simdjson::error_code error, std::string_view param, std::string_view wanted) {
  if (error != simdjson::INCORRECT_TYPE && error != simdjson::NUMBER_ERROR && error != simdjson::NUMBER_OUT_OF_RANGE)
    return malformed(error);
  return refuse("invalid_type", fmt::format("{} must be {}.", param, wanted), param);
}

constexpr std::string_view kInputTypes = "a string, a list of strings, a list of token ids or a list of such lists";

}  // namespace

using Decoded = std::expected<void, Refusal>;

struct RequestDecoder::Impl {
  Impl(std::uint32_t table_dims, const Cl100kView& ids) : dims(table_dims), vocabulary(ids) {}

  std::uint32_t dims;
  Cl100kView vocabulary;
  od::parser parser;
  EmbedRequest request;
  bool has_input = false;

  Decoded field(std::string_view name, od::value value);
  Decoded input(od::value& value);
  Decoded input_list(od::array list);
  Decoded text(od::value& value);
  Decoded id(od::value& value, Input& input);
  Decoded id_list(od::array list);
  Decoded dimensions(od::value& value);
  Decoded encoding(od::value& value);
  Decoded body(std::string& json);
};

RequestDecoder::RequestDecoder(std::uint32_t dims, const Cl100kView& vocabulary)
    : impl_(std::make_unique<Impl>(dims, vocabulary)) {}
RequestDecoder::~RequestDecoder() = default;

std::expected<EmbedRequest, Refusal> RequestDecoder::decode(std::string& body) {
  Impl& d = *impl_;
  d.request = {.inputs = {}, .ids = {}, .dimensions = d.dims, .encoding = Encoding::floats};
  d.has_input = false;
  if (d.parser.capacity() > kKeepParserBelow) d.parser = od::parser();
  if (body.size() > kMaxBody)
    return std::unexpected(
        Refusal{.status = 413,
                .code = "too_large",
                .message = fmt::format("The body has more than {} bytes; send fewer inputs at once.", kMaxBody),
                .param = {}});
  if (auto done = d.body(body); !done) return std::unexpected(std::move(done.error()));
  if (!d.has_input)
    return refuse("missing_required_parameter", fmt::format("input is missing; it is {}.", kInputTypes), "input");
  return std::move(d.request);
}

Decoded RequestDecoder::Impl::body(std::string& json) {
  json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  od::document document;
  if (const auto error = parser.iterate(json.data(), json.size(), json.capacity()).get(document))
    return malformed(error);
  od::object object;
  if (const auto error = document.get_object().get(object)) return malformed(error);
  for (auto member : object) {
    od::field field_at;
    if (const auto error = std::move(member).get(field_at)) return malformed(error);
    std::string_view name;
    if (const auto error = field_at.unescaped_key().get(name)) return malformed(error);
    if (auto done = field(name, field_at.value()); !done) return done;
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return malformed(simdjson::TRAILING_CONTENT);
  return {};
}

Decoded RequestDecoder::Impl::field(std::string_view name, od::value value) {
  if (name == "input") return input(value);
  if (name == "dimensions") return dimensions(value);
  if (name == "encoding_format") return encoding(value);
  if (name != "model" && name != "user") return {};
  // What serves the model was decided before the request came here; only the type is checked.
  bool null = false;
  if (const auto error = value.is_null().get(null)) return malformed(error);
  std::string_view ignored;
  if (null) return {};
  if (const auto error = value.get_string().get(ignored)) return wrong_type(error, name, "a string");
  return {};
}

Decoded RequestDecoder::Impl::dimensions(od::value& value) {
  bool null = false;
  if (const auto error = value.is_null().get(null)) return malformed(error);
  if (null) return {};
  std::int64_t number = 0;
  if (const auto error = value.get_int64().get(number)) return wrong_type(error, "dimensions", "a whole number");
  if (number < 1 || number > dims)
    return refuse("invalid_value", fmt::format("dimensions must be from 1 to {}.", dims), "dimensions");
  request.dimensions = static_cast<std::uint32_t>(number);
  return {};
}

Decoded RequestDecoder::Impl::encoding(od::value& value) {
  bool null = false;
  if (const auto error = value.is_null().get(null)) return malformed(error);
  if (null) return {};
  std::string_view name;
  if (const auto error = value.get_string().get(name)) return wrong_type(error, "encoding_format", "a string");
  if (name != "float" && name != "base64")
    return refuse("invalid_value", "encoding_format must be \"float\" or \"base64\".", "encoding_format");
  request.encoding = name == "base64" ? Encoding::base64 : Encoding::floats;
  return {};
}

Decoded RequestDecoder::Impl::input(od::value& value) {
  has_input = true;
  request.inputs.clear();  // a field that comes twice: the last one counts
  request.ids.clear();
  json_type type{};
  if (const auto error = value.type().get(type)) return malformed(error);
  if (type == json_type::string) return text(value);
  if (type != json_type::array) return refuse("invalid_type", fmt::format("input must be {}.", kInputTypes), "input");
  od::array list;
  if (const auto error = value.get_array().get(list)) return malformed(error);
  return input_list(list);
}

Decoded RequestDecoder::Impl::input_list(od::array list) {
  std::optional<json_type> kind;
  Input flat;
  for (auto element : list) {
    od::value item;
    if (const auto error = std::move(element).get(item)) return malformed(error);
    json_type type{};
    if (const auto error = item.type().get(type)) return malformed(error);
    if (kind.value_or(type) != type ||
        (type != json_type::string && type != json_type::number && type != json_type::array))
      return refuse("invalid_type", fmt::format("input must be {}; its elements are not.", kInputTypes), "input");
    kind = type;
    if (type != json_type::number && request.inputs.size() == kMaxInputs)
      return refuse("array_above_max_length",
                    fmt::format("input has more than {} elements; send fewer at once.", kMaxInputs), "input");
    Decoded done;
    if (type == json_type::string) {
      done = text(item);
    } else if (type == json_type::number) {
      done = id(item, flat);
    } else {
      od::array inner;
      if (const auto error = item.get_array().get(inner)) return malformed(error);
      done = id_list(inner);
    }
    if (!done) return done;
  }
  if (!kind) return refuse("empty_array", "input is an empty list; give it at least one text.", "input");
  if (kind == json_type::number) request.inputs.push_back(flat);
  return {};
}

Decoded RequestDecoder::Impl::text(od::value& value) {
  std::string_view text;
  if (const auto error = value.get_string().get(text)) return malformed(error);
  if (text.empty())
    return refuse("empty_string", "input has an empty string; there is nothing to embed in it.", "input");
  request.inputs.push_back({.text = text});
  return {};
}

Decoded RequestDecoder::Impl::id_list(od::array list) {
  Input made;
  for (auto element : list) {
    od::value item;
    if (const auto error = std::move(element).get(item)) return malformed(error);
    if (auto done = id(item, made); !done) return done;
  }
  if (made.id_count == 0) return refuse("empty_array", "input has an empty list of token ids.", "input");
  request.inputs.push_back(made);
  return {};
}

Decoded RequestDecoder::Impl::id(od::value& value, Input& input) {
  std::uint64_t number = 0;
  if (const auto error = value.get_uint64().get(number))
    return wrong_type(error, "input", "text, or lists of whole numbers that are cl100k_base token ids");
  if (number >= vocabulary.size())
    return refuse(
        "invalid_value",
        fmt::format("input has the token id {}, which is no text token of cl100k_base (0 to {}). Send text, or "
                    "tell the client which encoding the model uses.",
                    number, vocabulary.size() - 1),
        "input");
  if (input.id_count == kMaxIdsPerInput)
    return refuse("array_above_max_length",
                  fmt::format("input has a list of more than {} token ids; split it.", kMaxIdsPerInput), "input");
  if (input.id_count++ == 0) input.first_id = static_cast<std::uint32_t>(request.ids.size());
  request.ids.push_back(static_cast<std::uint32_t>(number));
  return {};
}

}  // namespace hearth::embed
