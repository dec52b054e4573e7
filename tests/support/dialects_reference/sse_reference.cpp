#include "sse_reference.h"

#include <string>

namespace hearth::dialects {

namespace {

// Lines of the text, and what remains after the last line end.
std::vector<std::string> split_lines(std::string_view text, std::string& rest) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' || text[i] == '\n') {
      lines.push_back(rest);
      rest.clear();
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      rest.push_back(text[i]);
    }
  }
  return lines;
}

}  // namespace

WholeStream parse_whole_stream(std::string_view text, std::size_t max_event_bytes) {
  WholeStream stream;
  const std::string_view mark = "\xEF\xBB\xBF";
  if (text.size() < 3 && mark.starts_with(text)) return stream;
  if (text.starts_with(mark)) text.remove_prefix(3);
  std::string rest;
  std::vector<std::string> lines = split_lines(text, rest);
  std::string type;
  std::string data;
  std::string id;
  const auto too_large = [&](const std::string& line) {
    return data.size() + type.size() + line.size() > max_event_bytes;
  };
  for (const std::string& line : lines) {
    if (too_large(line)) {
      stream.too_large = true;
      return stream;
    }
    if (line.empty()) {
      if (!data.empty()) {
        stream.events.push_back({type.empty() ? "message" : type, data.substr(0, data.size() - 1), id});
      }
      type.clear();
      data.clear();
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string field = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (field == "data") data += value + "\n";
    if (field == "event") type = value;
    if (field == "id" && value.find('\0') == std::string::npos) id = value;
  }
  stream.too_large = !rest.empty() && too_large(rest);
  return stream;
}

WholeStream parse_stream_pieces(const std::vector<std::string_view>& pieces, std::size_t max_event_bytes) {
  WholeStream stream;
  SseParser parser(max_event_bytes);
  for (const std::string_view piece : pieces) {
    parser.feed(piece);
    while (true) {
      auto event = parser.next();
      if (!event) {
        stream.too_large = true;
        return stream;
      }
      if (!*event) break;
      stream.events.push_back(**event);
    }
  }
  return stream;
}

}  // namespace hearth::dialects
