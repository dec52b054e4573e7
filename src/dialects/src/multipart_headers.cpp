#include "src/multipart_headers.h"

#include "src/ascii.h"
#include "src/header_params.h"

#include <hearth/core/utf8.h>

#include <algorithm>

namespace hearth::dialects {

namespace {

std::unexpected<ApiError> malformed(std::string sentence) {
  return reject(ApiCode::invalid_multipart, std::move(sentence));
}

// The last part of a path, with control characters and bytes that are not UTF-8 replaced: a name to show, not to open.
std::string clean_filename(std::string_view name) {
  if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  std::string out;
  while (!name.empty()) {
    const std::size_t n = utf8_sequence_length(name);
    if (n == 0) {
      out += "\xEF\xBF\xBD";
    } else if (n == 1 && (static_cast<unsigned char>(name[0]) < 0x20 || name[0] == 0x7f)) {
      out.push_back('_');
    } else {
      out.append(name.substr(0, n));
    }
    name.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out;
}

Decoded<void> read_disposition(std::string_view value, PartBegin& part) {
  HeaderParams params(value);
  if (!iequals(params.head(), "form-data")) {
    return malformed("A part's Content-Disposition is not form-data.");
  }
  std::optional<std::string> extended;
  while (const auto param = params.next()) {
    if (param->name == "name" && part.name.empty()) part.name = param->value;
    if (param->name == "filename" && !part.filename) part.filename = clean_filename(param->value);
    if (param->name == "filename*" && !extended) extended = decode_extended_value(param->value);
  }
  if (params.malformed()) return malformed("A part's Content-Disposition is malformed; is a quote missing?");
  if (extended) part.filename = clean_filename(*extended);
  return {};
}

}  // namespace

bool PartBegin::is_file() const {
  if (filename) return true;
  if (content_type.empty()) return false;
  const std::string_view type = trim(std::string_view(content_type).substr(0, content_type.find(';')));
  return !istarts_with(type, "text/") && !iequals(type, "application/json");
}

Decoded<PartBegin> parse_part_headers(std::string_view block) {
  PartBegin part;
  bool has_disposition = false;
  bool has_type = false;
  while (!block.empty()) {
    const std::size_t end = block.find("\r\n");
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + 2);

    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return malformed("A part has a header line without a name.");
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return malformed("A part's header has a stray line end or NUL; lines end with CRLF.");
    }
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (iequals(name, "Content-Disposition")) {
      if (has_disposition) return malformed("A part has two Content-Disposition headers.");
      has_disposition = true;
      HEARTH_TRY(read_disposition(value, part));
    } else if (iequals(name, "Content-Type")) {
      if (has_type) return malformed("A part has two Content-Type headers.");
      has_type = true;
      if (!is_utf8(value)) return malformed("A part's Content-Type is not text.");
      part.content_type = value;
    }
  }
  if (!has_disposition) return malformed("A part has no Content-Disposition header.");
  if (part.name.empty()) return malformed("A part has no name: Content-Disposition: form-data; name=\"…\".");
  if (!is_utf8(part.name)) return reject(ApiCode::invalid_utf8, "A part's name is not valid UTF-8.");
  return part;
}

}  // namespace hearth::dialects
