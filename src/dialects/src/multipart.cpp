#include "src/ascii.h"
#include "src/header_params.h"
#include "src/multipart_delimiter.h"
#include "src/multipart_headers.h"

#include <hearth/dialects/multipart.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::dialects {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::size_t kMaxBoundary = 70;

bool is_boundary_char(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

}  // namespace

Decoded<std::string> multipart_boundary(std::string_view content_type) {
  HeaderParams params(content_type);
  if (!iequals(params.head(), "multipart/form-data")) {
    return reject(ApiCode::unsupported_content_type, "The Content-Type must be multipart/form-data.");
  }
  while (const auto param = params.next()) {
    if (param->name != "boundary") continue;
    const std::string& boundary = param->value;
    if (boundary.empty() || boundary.size() > kMaxBoundary || boundary.back() == ' ' ||
        !std::ranges::all_of(boundary, is_boundary_char)) {
      return reject(ApiCode::invalid_multipart,
                    "The Content-Type's boundary must have 1 to 70 of the characters that RFC 2046 allows.");
    }
    return boundary;
  }
  return reject(ApiCode::invalid_multipart,
                "The Content-Type names no boundary; let your HTTP library set it (do not set Content-Type by hand).");
}

MultipartParser::MultipartParser(std::string_view boundary, MultipartLimits limits)
    : delimiter_(fmt::format("\r\n--{}", boundary)), limits_(limits), buffer_(kCrlf) {}
// The CRLF put in front makes the first boundary, which may open the body, look like every other.

void MultipartParser::feed(std::string_view bytes) {
  if (state_ == State::epilogue || state_ == State::failed) return;
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.append(bytes);
}

Decoded<std::optional<MultipartEvent>> MultipartParser::next() {
  if (error_) return std::unexpected(*error_);
  if (form_ends_ && !done_) {
    done_ = true;
    return MultipartEvent(FormEnd{});
  }
  switch (state_) {
    case State::preamble:
      return step_preamble();
    case State::headers:
      return step_headers();
    case State::data:
      return step_data();
    case State::epilogue:
    case State::failed:
      break;
  }
  return std::nullopt;
}

Decoded<void> MultipartParser::finish() const {
  if (error_) return std::unexpected(*error_);
  if (form_ends_) return {};
  if (state_ == State::preamble) {
    return reject(ApiCode::invalid_multipart,
                  "The body does not have the boundary that the Content-Type header names.");
  }
  return reject(ApiCode::body_incomplete, "The form ended before its closing boundary; was the upload cut short?");
}

std::unexpected<ApiError> MultipartParser::fail(ApiError error) {
  state_ = State::failed;
  error_ = std::move(error);
  buffer_.clear();
  at_ = 0;
  return std::unexpected(*error_);
}

Decoded<std::optional<MultipartEvent>> MultipartParser::step_preamble() {
  const std::size_t last_start = limits_.max_preamble_bytes + kCrlf.size();
  const std::string_view buffer = buffer_;
  std::size_t from = 0;
  while (true) {
    const std::size_t found = buffer.find(delimiter_, from);
    if (std::min(found, buffer.size()) > last_start + (found == std::string_view::npos ? delimiter_.size() : 0)) {
      return fail(api_error(ApiCode::invalid_multipart,
                            "The body does not begin with the boundary that the Content-Type header names."));
    }
    if (found == std::string_view::npos) return std::nullopt;
    const std::string_view rest = buffer.substr(found + delimiter_.size());
    const DelimiterEnd end = match_delimiter_end(rest);
    if (end.kind == DelimiterKind::unknown) return std::nullopt;
    if (end.kind == DelimiterKind::bare_lf) {
      return fail(
          api_error(ApiCode::invalid_multipart, "The form's lines end with LF alone; multipart/form-data needs CRLF."));
    }
    if (end.kind == DelimiterKind::none) {
      from = found + 1;
      continue;
    }
    at_ = found + delimiter_.size() + end.length;
    form_ends_ = end.kind == DelimiterKind::close;
    state_ = form_ends_ ? State::epilogue : State::headers;
    return next();
  }
}

Decoded<std::optional<MultipartEvent>> MultipartParser::step_headers() {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.starts_with(kCrlf)) {
    return fail(
        api_error(ApiCode::invalid_multipart, "A part has no headers; each needs Content-Disposition with a name."));
  }
  const std::size_t end = rest.find(kEnd);
  if (std::min(end, rest.size()) > limits_.max_header_bytes + (end == std::string_view::npos ? kEnd.size() : 0)) {
    return fail(api_error(ApiCode::invalid_multipart,
                          fmt::format("A part's headers are longer than {} bytes.", limits_.max_header_bytes)));
  }
  if (end == std::string_view::npos) return std::nullopt;
  if (parts_ == limits_.max_parts) {
    return fail(
        api_error(ApiCode::array_above_max_length, fmt::format("The form has more than {} parts.", limits_.max_parts)));
  }
  auto part = parse_part_headers(rest.substr(0, end));
  if (!part) return fail(std::move(part).error());
  ++parts_;
  part_name_ = part->name;
  part_is_file_ = part->is_file();
  part_bytes_ = 0;
  // A part without a body may end right here: then the empty line's CRLF is the delimiter's.
  at_ += end + kCrlf.size();
  at_part_start_ = true;
  state_ = State::data;
  return MultipartEvent(std::move(*part));
}

Decoded<std::optional<MultipartEvent>> MultipartParser::step_data() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const std::size_t found = find_delimiter(rest, delimiter_);
  if (at_part_start_ && found > 0) {
    at_part_start_ = false;
    at_ += kCrlf.size();
    return step_data();
  }
  if (found > 0) return emit_data(found);
  if (rest.size() < delimiter_.size()) return std::nullopt;
  const DelimiterEnd end = match_delimiter_end(rest.substr(delimiter_.size()));
  if (end.kind == DelimiterKind::unknown) return std::nullopt;
  if (end.kind == DelimiterKind::none || end.kind == DelimiterKind::bare_lf) {
    if (at_part_start_) {
      at_part_start_ = false;
      at_ += kCrlf.size();
      return step_data();
    }
    return emit_data(kCrlf.size());
  }
  at_part_start_ = false;
  at_ += delimiter_.size() + end.length;
  form_ends_ = end.kind == DelimiterKind::close;
  state_ = form_ends_ ? State::epilogue : State::headers;
  return MultipartEvent(PartEnd{});
}

Decoded<std::optional<MultipartEvent>> MultipartParser::emit_data(std::size_t length) {
  part_bytes_ += length;
  const std::uint64_t limit = part_is_file_ ? limits_.max_file_bytes : limits_.max_field_bytes;
  if (part_bytes_ > limit) {
    return fail(api_error(ApiCode::request_too_large, fmt::format("`{}` is larger than {} bytes.", part_name_, limit),
                          part_name_));
  }
  const PartData data{std::string_view(buffer_).substr(at_, length)};
  at_ += length;
  return MultipartEvent(data);
}

}  // namespace hearth::dialects
