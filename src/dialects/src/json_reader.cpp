#include "src/json_reader.h"

#include "src/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hearth::dialects::json {

namespace {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::object:
      return "an object";
    case Kind::array:
      return "an array";
    case Kind::string:
      return "a string";
    case Kind::number:
      return "a number";
    case Kind::boolean:
      return "a boolean";
    case Kind::null:
      return "null";
    case Kind::malformed:
      break;
  }
  return "malformed";
}

std::optional<std::string> param_of(const Path& path) {
  std::string text = path.text();
  if (text.empty()) return std::nullopt;
  return text;
}

Decoded<Fields> walk(od::object& object, std::span<const std::string_view> names, const Path& path, Context& context,
                     const FieldVisitor& visit) {
  Fields fields(names, path);
  if (path.depth >= kMaxDepth) return std::unexpected(context.malformed(simdjson::DEPTH_ERROR, path));
  for (auto entry : object) {
    od::field field;
    std::string_view key;
    auto code = std::move(entry).get(field);
    if (code == simdjson::SUCCESS) code = field.unescaped_key().get(key);
    if (code != simdjson::SUCCESS) return std::unexpected(context.malformed(code, path));

    const std::size_t i = fields.find(key);
    const Path here = path.field(i < names.size() ? names[i] : key);
    Value value(field.value(), here, context);
    if (i == names.size()) {
      HEARTH_TRY(visit.wants_others() ? visit.other(key, value) : value.check());
      continue;
    }
    if (!fields.mark_seen(i)) {
      return reject(ApiCode::duplicate_field, "`" + here.text() + "` is there twice; send it once.", here.text());
    }
    if (value.kind() == Kind::null) continue;
    fields.mark_present(i);
    HEARTH_TRY(visit.field(names[i], value));
  }
  return fields;
}

}  // namespace

std::string Path::text() const {
  if (parent == nullptr) return {};
  std::string out = parent->text();
  if (name.empty()) return fmt::format("{}[{}]", out, index);
  if (!out.empty()) out.push_back('.');
  // A client's own key may be anything; a param that is no more than a hint need not carry all of it.
  out.append(name.substr(0, 100));
  return out;
}

ApiError Context::malformed(simdjson::error_code code, const Path& path) const {
  switch (code) {
    case simdjson::EMPTY:
      return api_error(ApiCode::empty_body, "The request has no body; send a JSON object.");
    case simdjson::UTF8_ERROR:
      return api_error(ApiCode::invalid_utf8, "The body is not valid UTF-8; encode it as UTF-8 and send it again.");
    case simdjson::DEPTH_ERROR:
      return api_error(ApiCode::nesting_too_deep, fmt::format("The JSON is nested deeper than {} levels.", kMaxDepth));
    case simdjson::CAPACITY:
      return api_error(ApiCode::request_too_large, "The body is larger than the JSON reader can take.");
    case simdjson::UNESCAPED_CHARS:
      return api_error(ApiCode::invalid_json,
                       "A string in the body has a raw control character; escape it (\\n, \\u0000).");
    case simdjson::UNCLOSED_STRING:
      return api_error(ApiCode::invalid_json, "A string in the body is not closed; was the body cut short?");
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return api_error(ApiCode::invalid_json,
                       "The JSON object is not closed, or something follows it; was the body cut short?");
    default:
      break;
  }
  const std::string where = path.text();
  return api_error(ApiCode::invalid_json, where.empty()
                                              ? std::string("The body is not well-formed JSON.")
                                              : fmt::format("The body is not well-formed JSON at `{}`.", where));
}

bool Fields::has(std::string_view name) const {
  const std::size_t i = find(name);
  return i < names_.size() && (present_ & bit(i)) != 0;
}

Decoded<void> Fields::require(std::string_view name) const {
  if (has(name)) return {};
  const std::string where = path_->field(name).text();
  return reject(ApiCode::missing_required_parameter, fmt::format("`{}` is required.", where), where);
}

std::size_t Fields::find(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
}

bool Fields::mark_seen(std::size_t i) {
  const bool fresh = (seen_ & bit(i)) == 0;
  seen_ |= bit(i);
  return fresh;
}

Value::Value(od::value value, const Path& path, Context& context)
    : value_(value), token_(value_.raw_json_token()), path_(&path), context_(&context) {
  while (!token_.empty() && is_space(token_.back())) token_.remove_suffix(1);
  // A string that nobody consumes would be taken for a key if a colon follows it ({"a":"b":1}).
  if (token_.starts_with('"')) static_cast<void>(value_.get_raw_json_string());
}

Kind Value::kind() const {
  const std::string_view t = token_;
  if (t.empty()) return Kind::malformed;
  switch (t.front()) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return t.size() >= 2 && t.back() == '"' ? Kind::string : Kind::malformed;
    case 't':
      return t == "true" ? Kind::boolean : Kind::malformed;
    case 'f':
      return t == "false" ? Kind::boolean : Kind::malformed;
    case 'n':
      return t == "null" ? Kind::null : Kind::malformed;
    default:
      return is_number(t) ? Kind::number : Kind::malformed;
  }
}

Span Value::span() const {
  return {static_cast<std::size_t>(token_.data() - context_->body.data()), token_.size()};
}

Decoded<std::string_view> Value::text() {
  if (kind() != Kind::string) return std::unexpected(wrong_type("a string"));
  std::string_view raw = token_;
  raw = raw.substr(1, raw.size() - 2);
  if (raw.find('\\') == std::string_view::npos) return raw;

  if (!context_->unescaped) {
    context_->unescaped = std::make_shared<std::string>();
    context_->unescaped->reserve(context_->body.size());
  }
  std::string& out = *context_->unescaped;
  const std::size_t start = out.size();
  switch (append_unescaped(out, raw)) {
    case Unescape::ok:
      return std::string_view(out).substr(start);
    case Unescape::lone_surrogate:
      return std::unexpected(
          refuse(ApiCode::invalid_utf8, "holds half of a surrogate pair (\\ud800 to \\udfff), which is no character."));
    case Unescape::bad_escape:
      break;
  }
  return std::unexpected(refuse(ApiCode::invalid_json, "holds an escape that JSON does not know."));
}

Decoded<std::string> Value::string() {
  HEARTH_TRY_ASSIGN(const std::string_view view, text());
  return std::string(view);
}

Decoded<std::string> Value::name(std::size_t max_bytes) {
  HEARTH_TRY_ASSIGN(const std::string_view view, text());
  if (view.empty()) return std::unexpected(refuse(ApiCode::empty_string, "must not be empty."));
  if (view.size() > max_bytes) {
    return std::unexpected(
        refuse(ApiCode::string_above_max_length, fmt::format("must be at most {} bytes long.", max_bytes)));
  }
  return std::string(view);
}

Decoded<bool> Value::boolean() {
  if (kind() != Kind::boolean) return std::unexpected(wrong_type("a boolean"));
  return token_ == "true";
}

Decoded<std::int64_t> Value::integer(std::int64_t low, std::int64_t high) {
  const std::string_view t = token_;
  if (kind() != Kind::number || t.find_first_of(".eE") != std::string_view::npos) {
    return std::unexpected(wrong_type("an integer"));
  }
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(t.data(), t.data() + t.size(), number);
  if (code != std::errc() || number < low || number > high) {
    return std::unexpected(refuse(ApiCode::invalid_value, fmt::format("must be between {} and {}.", low, high)));
  }
  return number;
}

Decoded<double> Value::number(double low, double high) {
  if (kind() != Kind::number) return std::unexpected(wrong_type("a number"));
  const std::string_view t = token_;
  double number = 0;
  const auto [end, code] = std::from_chars(t.data(), t.data() + t.size(), number);
  if (code != std::errc() || number < low || number > high) {
    return std::unexpected(refuse(ApiCode::invalid_value, fmt::format("must be between {} and {}.", low, high)));
  }
  return number;
}

Decoded<Fields> Value::read_fields(std::span<const std::string_view> names, const FieldVisitor& visit) {
  if (kind() != Kind::object) return std::unexpected(wrong_type("an object"));
  od::object object;
  if (const auto code = value_.get_object().get(object)) return std::unexpected(malformed(code));
  return walk(object, names, *path_, *context_, visit);
}

Decoded<void> Value::read_items(std::size_t max_items, const ItemVisitor& visit) {
  if (kind() != Kind::array) return std::unexpected(wrong_type("an array"));
  if (path_->depth >= kMaxDepth) return std::unexpected(malformed(simdjson::DEPTH_ERROR));
  od::array array;
  if (const auto code = value_.get_array().get(array)) return std::unexpected(malformed(code));
  std::size_t i = 0;
  for (auto entry : array) {
    od::value item;
    if (const auto code = std::move(entry).get(item)) return std::unexpected(malformed(code));
    if (i == max_items) {
      return std::unexpected(refuse(ApiCode::array_above_max_length,
                                    "has more than " + std::to_string(max_items) + " items; send fewer at once."));
    }
    const Path here = path_->item(i);
    Value value(item, here, *context_);
    HEARTH_TRY(visit.item(i, value));
    ++i;
  }
  return {};
}

Decoded<void> Value::check() {
  switch (kind()) {
    case Kind::object: {
      HEARTH_TRY(each_field({}, [](std::string_view, Value) -> Decoded<void> { return {}; }));
      return {};
    }
    case Kind::array:
      return each_item(std::numeric_limits<std::size_t>::max(),
                       [](std::size_t, Value item) -> Decoded<void> { return item.check(); });
    case Kind::string: {
      if (token_.find('\\') == std::string_view::npos) return {};
      HEARTH_TRY(text());
      return {};
    }
    case Kind::number:
    case Kind::boolean:
    case Kind::null:
      return {};
    case Kind::malformed:
      break;
  }
  return std::unexpected(malformed());
}

Decoded<std::string_view> Value::raw() {
  HEARTH_TRY(check());
  const Kind is = kind();
  if (is != Kind::object && is != Kind::array) return token_;
  const char* next = nullptr;  // what follows: a comma or a bracket
  if (const auto code = context_->document->current_location().get(next)) return std::unexpected(malformed(code));
  std::string_view text = context_->body.substr(span().offset, static_cast<std::size_t>(next - token_.data()));
  while (is_space(text.back())) text.remove_suffix(1);
  return text;
}

ApiError Value::wrong_type(std::string_view wanted) const {
  const Kind is = kind();
  if (is == Kind::malformed) return malformed();
  if (is == Kind::number && wanted == "an integer") return refuse(ApiCode::invalid_type, "must be an integer.");
  return refuse(ApiCode::invalid_type, fmt::format("must be {}, not {}.", wanted, kind_name(is)));
}

ApiError Value::refuse(ApiCode code, std::string_view sentence_after_name) const {
  return api_error(code, fmt::format("`{}` {}", path_->text(), sentence_after_name), param_of(*path_));
}

Document::Document(const JsonBody& body) {
  context_.body = body.view();
  context_.document = &document_;
}

Decoded<Fields> Document::read_fields(std::span<const std::string_view> names, const FieldVisitor& visit) {
  HEARTH_TRY_ASSIGN(od::object object, open());
  HEARTH_TRY_ASSIGN(Fields fields, walk(object, names, root_, context_, visit));
  HEARTH_TRY(close());
  return fields;
}

Decoded<od::object> Document::open() {
  const std::string_view body = context_.body;
  static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return std::unexpected(context_.malformed(simdjson::EMPTY, root_));
  }
  if (const auto code = parser_->iterate(body, body.size() + simdjson::SIMDJSON_PADDING).get(document_)) {
    return std::unexpected(context_.malformed(code, root_));
  }
  // Looked at by hand: a body that is one scalar must not be read as a structure.
  if (body[body.find_first_not_of(" \t\r\n")] != '{') {
    return reject(ApiCode::invalid_json, "The body must be a JSON object.");
  }
  od::object object;
  if (const auto code = document_.get_object().get(object)) return std::unexpected(context_.malformed(code, root_));
  return object;
}

Decoded<void> Document::close() {
  if (document_.current_location().error() == simdjson::OUT_OF_BOUNDS) return {};
  return reject(ApiCode::invalid_json, "Something follows the JSON object; send one object and nothing else.");
}

Error engine_fault(const ApiError& error, std::string_view what) {
  const bool limit = error.code == info(ApiCode::array_above_max_length).code ||
                     error.code == info(ApiCode::string_above_max_length).code;
  return Error(limit ? Errc::too_large : Errc::protocol_error, fmt::format("{}: {}", what, error.message));
}

}  // namespace hearth::dialects::json
