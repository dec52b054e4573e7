#include "multipart_reference.h"

#include "src/multipart_headers.h"

namespace hearth::dialects {

namespace {

enum class Found { next, close, none, cut, bare_lf };
struct Delimiter {
  Found kind = Found::none;
  std::size_t at = 0;
  std::size_t end = 0;
};

// What the delimiter that begins at `at` is; the grammar written out once more, without regard for speed.
Delimiter classify(const std::string& text, std::size_t at, std::size_t size) {
  std::size_t i = at + size;
  const auto has = [&](std::size_t n) { return i + n <= text.size(); };
  if (has(2) && text.compare(i, 2, "--") == 0) return {Found::close, at, i + 2};
  if (has(1) && !has(2) && text[i] == '-') return {Found::cut, at, at};
  for (int padding = 0; padding < 64 && has(1) && (text[i] == ' ' || text[i] == '\t'); ++padding) ++i;
  if (!has(1)) return {Found::cut, at, at};
  if (text[i] == '\n') return {Found::bare_lf, at, i};
  if (text[i] != '\r') return {Found::none, at, at};
  if (!has(2)) return {Found::cut, at, at};
  return text[i + 1] == '\n' ? Delimiter{Found::next, at, i + 2} : Delimiter{Found::none, at, at};
}

// The end of data that starts at `from`: a delimiter, or where the text was cut.
Delimiter find_end(const std::string& text, std::size_t from, const std::string& delimiter, bool in_preamble) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text.compare(i, delimiter.size(), delimiter) == 0) {
      const Delimiter found = classify(text, i, delimiter.size());
      if (found.kind == Found::none || (found.kind == Found::bare_lf && !in_preamble)) continue;
      return found;
    }
    const std::string tail = text.substr(i, delimiter.size());
    if (tail.size() < delimiter.size() && delimiter.starts_with(tail)) return {Found::cut, i, i};
  }
  return {Found::cut, text.size(), text.size()};
}

}  // namespace

WholeForm parse_whole_form(std::string_view body, std::string_view boundary, const MultipartLimits& limits) {
  WholeForm form;
  const std::string text = "\r\n" + std::string(body);
  const std::string delimiter = "\r\n--" + std::string(boundary);
  Delimiter d = find_end(text, 0, delimiter, true);
  if (d.kind == Found::cut || d.kind == Found::bare_lf || d.at > limits.max_preamble_bytes + 2) {
    form.error = "invalid_multipart";
    return form;
  }
  while (d.kind == Found::next) {
    const std::size_t start = d.end;
    if (text.compare(start, 2, "\r\n") == 0) {
      form.error = "invalid_multipart";
      return form;
    }
    const std::size_t blank = text.find("\r\n\r\n", start);
    if (blank == std::string::npos) {
      form.error = text.size() - start > limits.max_header_bytes + 4 ? "invalid_multipart" : "body_incomplete";
      return form;
    }
    if (blank - start > limits.max_header_bytes) {
      form.error = "invalid_multipart";
      return form;
    }
    if (form.parts.size() == limits.max_parts) {
      form.error = "array_above_max_length";
      return form;
    }
    const auto head = parse_part_headers(std::string_view(text).substr(start, blank - start));
    if (!head) {
      form.error = head.error().code;
      return form;
    }
    const bool is_file = head->is_file();
    WholePart& part = form.parts.emplace_back(WholePart{.begin = *head, .data = {}, .complete = false});
    // The empty line's own CRLF may begin the delimiter: a part without a body.
    std::size_t data = blank + 4;
    d = find_end(text, blank + 2, delimiter, false);
    if (d.at != blank + 2) d = find_end(text, data, delimiter, false);
    if (d.at < data) data = d.at;
    part.data = text.substr(data, d.at - data);
    if (part.data.size() > (is_file ? limits.max_file_bytes : limits.max_field_bytes)) {
      form.error = "request_too_large";
      return form;
    }
    if (d.kind == Found::cut) {
      form.error = "body_incomplete";
      return form;
    }
    part.complete = true;
  }
  return form;
}

WholeForm parse_pieces(const std::vector<std::string_view>& pieces, std::string_view boundary,
                       const MultipartLimits& limits) {
  WholeForm form;
  MultipartParser parser(boundary, limits);
  for (const std::string_view piece : pieces) {
    parser.feed(piece);
    while (true) {
      const auto event = parser.next();
      if (!event) {
        form.error = event.error().code;
        return form;
      }
      if (!*event) break;
      if (const auto* begin = std::get_if<PartBegin>(&**event)) form.parts.push_back({*begin, {}, false});
      if (const auto* data = std::get_if<PartData>(&**event)) form.parts.back().data += data->bytes;
      if (std::holds_alternative<PartEnd>(**event)) form.parts.back().complete = true;
    }
  }
  if (const auto end = parser.finish(); !end) form.error = end.error().code;
  return form;
}

}  // namespace hearth::dialects
