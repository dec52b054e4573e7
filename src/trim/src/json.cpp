#include "src/json.h"

#include "src/characters.h"

#include <simdjson.h>

namespace hearth::trim {
namespace {

class Minifier {
 public:
  // nullopt: `text` is no JSON.
  std::optional<std::string> operator()(std::string_view text) {
    simdjson::dom::element unused;
    if (parser_.parse(text.data(), text.size(), true).get(unused) != simdjson::SUCCESS) return std::nullopt;
    std::string out(text.size() + simdjson::SIMDJSON_PADDING, '\0');
    std::size_t size = 0;
    if (simdjson::minify(text.data(), text.size(), out.data(), size) != simdjson::SUCCESS) return std::nullopt;
    out.resize(size);
    return out;
  }

 private:
  simdjson::dom::parser parser_;
};

bool begins_json(std::string_view text) {
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

// Where the bracket that opens `text` is closed, behind it; npos: it is not.
std::size_t closing(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<std::string> minify_json(std::string_view text) {
  const std::string_view value = stripped(text);
  if (!begins_json(value)) return std::nullopt;
  auto out = Minifier()(value);
  if (!out || out->size() >= text.size()) return std::nullopt;
  return out;
}

std::optional<std::string> minify_json_within(std::string_view text) {
  Minifier minify;
  std::string out;
  std::size_t done = 0;
  // What looks like JSON and is none is looked through again, line by line: no more than this in all.
  std::size_t work_left = 8 * text.size();
  std::size_t line = 0;
  while (line < text.size()) {
    std::size_t begin = line;
    while (begin < text.size() && is_blank(text[begin])) ++begin;
    const std::size_t line_end = std::min(text.find('\n', begin), text.size());
    line = line_end + 1;
    const std::string_view rest = text.substr(begin);
    if (!begins_json(rest)) continue;
    const std::size_t length = closing(rest);
    const std::size_t looked_at = std::min(length, rest.size());
    if (looked_at > work_left) break;
    work_left -= looked_at;
    if (length == std::string_view::npos) continue;
    const std::size_t end = begin + length;
    const std::size_t behind = std::min(text.find_first_not_of(" \t\r", end), text.size());
    if (behind < text.size() && text[behind] != '\n') continue;
    const auto minified = minify(text.substr(begin, length));
    if (!minified) continue;
    out.append(text.substr(done, begin - done)).append(*minified);
    done = end;
    line = behind + 1;
  }
  if (done == 0) return std::nullopt;
  out.append(text.substr(done));
  if (out.size() >= text.size()) return std::nullopt;
  return out;
}

}  // namespace hearth::trim
