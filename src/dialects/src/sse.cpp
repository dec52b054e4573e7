#include <hearth/dialects/sse.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hearth::dialects {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void SseParser::feed(std::string_view bytes) {
  if (too_large_) return;
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<SseEvent>> SseParser::next() {
  const auto fail_too_large = [this] {
    too_large_ = true;
    buffer_.clear();
    at_ = 0;
    return fail(Errc::too_large, fmt::format("A server-sent event is larger than {} bytes.", max_event_bytes_));
  };
  if (too_large_) return fail_too_large();
  while (true) {
    std::string_view rest = std::string_view(buffer_).substr(at_);
    if (rest.empty()) return std::nullopt;
    if (at_start_) {
      if (rest.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(rest)) return std::nullopt;
      at_start_ = false;
      if (rest.starts_with(kByteOrderMark)) at_ += kByteOrderMark.size();
      continue;
    }
    if (skip_lf_) {
      skip_lf_ = false;
      if (rest.front() == '\n') ++at_;
      continue;
    }
    const std::size_t end = rest.find_first_of("\r\n", scanned_);
    const std::string_view line = rest.substr(0, end);
    if (data_.size() + type_.size() + line.size() > max_event_bytes_) return fail_too_large();
    if (end == std::string_view::npos) {
      scanned_ = rest.size();
      return std::nullopt;
    }
    scanned_ = 0;
    at_ += end + 1;
    skip_lf_ = rest[end] == '\r';
    if (!line.empty()) {
      take_line(line);
      continue;
    }
    // An empty line ends the event.
    SseEvent event;
    if (!type_.empty()) event.type = std::move(type_);
    type_.clear();
    if (!has_data_) continue;
    has_data_ = false;
    event.data = std::move(data_);
    event.data.pop_back();  // the last line's \n
    data_.clear();
    event.id = id_;
    return event;
  }
}

void SseParser::take_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    data_.append(value).push_back('\n');
    has_data_ = true;
  } else if (field == "event") {
    type_ = value;
  } else if (field == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (field == "retry") {
    long ms = 0;
    const auto [stop, code] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (code == std::errc() && stop == value.data() + value.size() && ms >= 0) retry_ms_ = ms;
  }
}

bool SseParser::has_partial() const noexcept {
  return has_data_ || !type_.empty() || at_ < buffer_.size();
}

std::string encode_sse(std::string_view data, std::string_view type) {
  std::string out;
  out.reserve(data.size() + type.size() + 20);
  if (!type.empty()) out.append("event: ").append(type).push_back('\n');
  while (true) {
    const std::size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) break;
    const bool crlf = data.substr(end).starts_with("\r\n");
    data.remove_prefix(end + (crlf ? 2 : 1));
  }
  out.push_back('\n');
  return out;
}

}  // namespace hearth::dialects
