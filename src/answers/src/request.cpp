#include <hearth/answers/request.h>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <vector>

namespace hearth::answers {
namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view kSpace = " \t\r\n";

constexpr std::size_t kLargestKept = 128UL * 1024;

// This thread's, for one reading after the other: to make its buffers anew takes longer than to read most requests.
od::parser& kept_parser() {
  static thread_local od::parser parser;
  if (parser.capacity() > kLargestKept) parser = od::parser();
  return parser;
}

struct Field {
  std::string name;
  std::string_view value;  // as it stands in the body
};

std::string_view trimmed(std::string_view text, std::string_view extra = {}) {
  const auto idle = [&](char c) {
    return kSpace.find(c) != std::string_view::npos || extra.find(c) != std::string_view::npos;
  };
  while (!text.empty() && idle(text.back())) text.remove_suffix(1);
  return text;
}

// `text` lies in a body that can be read a little past its end.
Result<std::vector<Field>> split_object(std::string_view text) {
  const auto malformed = [] { return fail(Errc::invalid_argument, "the request's body is not a JSON object"); };
  text = trimmed(text);
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos || text[first] != '{' || text.back() != '}') return malformed();
  od::document document;
  od::object object;
  if (kept_parser().iterate(text, text.size() + simdjson::SIMDJSON_PADDING).get(document)) return malformed();
  if (document.get_object().get(object)) return malformed();
  std::vector<Field> fields;
  const char* begin = nullptr;  // of the value before
  // A value reaches to the next key, or to the object's end, less what separates them.
  const auto close = [&](const char* end) {
    if (begin != nullptr && begin < end)
      fields.back().value = trimmed({begin, static_cast<std::size_t>(end - begin)}, ",");
  };
  for (auto entry : object) {
    od::field field;
    std::string_view name;
    if (std::move(entry).get(field)) return malformed();
    close(field.key().raw() - 1);
    od::value value = field.value();
    begin = value.raw_json_token().data();
    if (field.unescaped_key().get(name)) return malformed();
    fields.push_back({std::string(name), {}});
  }
  close(text.data() + text.size() - 1);
  return fields;
}

// Fields that change no answer: see the header.
bool is_unseen(Shape shape, std::string_view name) {
  return name == "stream" || name == "prompt_cache_key" || name == "prompt_cache_retention" ||
         (shape == Shape::ollama && name == "keep_alive");
}

bool is_nothing(std::string_view value) {
  return value.empty() || value == "null";
}

// Nought however it is spelt: 0, 0.0, -0, 0e5.
bool is_zero(std::string_view value) {
  if (value.starts_with('-')) value.remove_prefix(1);
  value = value.substr(0, value.find_first_of("eE"));
  return value.starts_with('0') && value.find_first_not_of("0.") == std::string_view::npos;
}

// The value of a field by its name; empty if it is not there.
std::string_view find(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? std::string_view() : found->value;
}

// Tools that the caller runs himself, and so sees the results of in the next request. Whatever else there is runs where
// the model does.
bool only_own_tools(std::string_view tools) {
  if (is_nothing(tools)) return true;
  od::document document;
  od::array array;
  if (kept_parser().iterate(tools, tools.size() + simdjson::SIMDJSON_PADDING).get(document)) return false;
  if (document.get_array().get(array)) return false;
  for (auto entry : array) {
    od::object tool;
    if (std::move(entry).get_object().get(tool)) return false;
    od::value type;
    const auto code = tool.find_field_unordered("type").get(type);
    if (code == simdjson::NO_SUCH_FIELD) continue;  // Anthropic's own
    if (code != simdjson::SUCCESS) return false;
    const std::string_view kind = trimmed(type.raw_json_token());
    if (kind != "\"function\"" && kind != "\"custom\"") return false;
  }
  return true;
}

// The value after each `key` (with its closing quote) in raw text: does any satisfy `is`?
template <typename Is>
bool any_value_of(std::string_view body, std::string_view key, Is is) {
  for (std::size_t at = body.find(key); at != std::string_view::npos; at = body.find(key, at + key.size())) {
    std::size_t next = body.find_first_not_of(kSpace, at + key.size());
    if (next == std::string_view::npos || body[next] != ':') continue;
    next = body.find_first_not_of(kSpace, next + 1);
    if (next != std::string_view::npos && is(body.substr(next))) return true;
  }
  return false;
}

// Something that is not in the request itself: a file at the provider, an item of an earlier answer, an address. Quotes
// inside of strings are escaped, so what looks like a key is one.
bool leans_on_others(std::string_view body) {
  const auto anything = [](std::string_view value) { return !value.starts_with("null"); };
  const auto address = [](std::string_view value) { return value.starts_with('"') && !value.starts_with("\"data:"); };
  if (any_value_of(body, "file_id\"", anything)) return true;
  if (any_value_of(body, "url\"", address)) return true;
  if (body.find("\"item_reference\"") != std::string_view::npos) return true;
  // A letter that is written as an escape could spell any of these, and no encoder writes letters so.
  for (std::size_t at = body.find("\\u00"); at != std::string_view::npos; at = body.find("\\u00", at + 4))
    if (at + 4 < body.size() && body[at + 4] >= '4' && body[at + 4] <= '7') return true;
  return false;
}

std::string_view why_random(const std::vector<Field>& sampling) {
  const bool cold = is_zero(find(sampling, "temperature"));
  const bool seeded = !is_nothing(find(sampling, "seed"));
  return cold || seeded ? std::string_view() : "neither temperature 0 nor a seed";
}

std::string_view why_not_cacheable(Shape shape, const std::vector<Field>& fields, std::string_view body) {
  for (std::size_t i = 1; i < fields.size(); ++i)
    if (fields[i].name == fields[i - 1].name) return "a field is there twice";
  if (shape == Shape::deterministic)
    return leans_on_others(body) ? "it names something outside of the request" : std::string_view();

  std::string_view random;
  if (shape == Shape::ollama) {
    const std::string_view options = find(fields, "options");
    const auto sampling = is_nothing(options) ? Result<std::vector<Field>>() : split_object(options);
    random = sampling ? why_random(*sampling) : "its options cannot be read";
  } else {
    random = why_random(fields);
  }
  if (!random.empty()) return random;

  for (const std::string_view count : {find(fields, "n"), find(fields, "best_of")})
    if (!is_nothing(count) && count != "1") return "more than one answer is wanted";
  const std::string_view store = find(fields, "store");
  const std::string_view background = find(fields, "background");
  if ((!is_nothing(store) && store != "false") || (!is_nothing(background) && background != "false"))
    return "the provider is to keep it";
  static constexpr std::array<std::string_view, 6> kKept{
      "previous_response_id", "conversation", "container", "mcp_servers", "web_search_options", "context_management"};
  for (const std::string_view name : kKept)
    if (!is_nothing(find(fields, name))) return "it leans on what a provider keeps";
  if (shape == Shape::responses && !is_nothing(find(fields, "prompt"))) return "it leans on what a provider keeps";
  if (!only_own_tools(find(fields, "tools"))) return "a tool runs at the provider";
  if (leans_on_others(body)) return "it names something outside of the request";
  return {};
}

}  // namespace

Result<Request> read_request(Shape shape, std::string_view body) {
  HEARTH_TRY_ASSIGN(std::vector<Field> fields, split_object(body));
  // Of two by one name the first stays the first.
  std::ranges::sort(fields, {}, [](const Field& f) { return std::pair(std::string_view(f.name), f.value.data()); });
  Request request;
  const std::string_view stream = find(fields, "stream");
  // Ollama streams unless told not to.
  request.stream = shape == Shape::ollama ? stream != "false" : stream == "true";
  request.not_cacheable = why_not_cacheable(shape, fields, body);
  Hasher hasher("hearth.request.1");
  for (const Field& field : fields)
    if (!is_unseen(shape, field.name)) hasher.add(field.name).add(field.value);
  request.digest = hasher.finish();
  return request;
}

Digest key(const Identity& identity, const Request& request) {
  Hasher hasher("hearth.answer.1");
  hasher.add(identity.tenant)
      .add(identity.target)
      .add(identity.model)
      .add(identity.revision)
      .add(identity.upstream)
      .add(identity.policy);
  hasher.add(to_string(identity.data_class));
  hasher.begin(identity.headers.size());
  for (const std::string& header : identity.headers) hasher.add(header);
  hasher.add(request.stream ? "stream" : "whole").add(request.digest.view());
  return hasher.finish();
}

}  // namespace hearth::answers
