// Server-sent events (WHATWG HTML, section 9.2): an incremental parser for what engines and upstreams send, and an
// encoder.
#pragma once

#include <hearth/core/error.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::dialects {

struct SseEvent {
  std::string type = "message";  // the `event:` field
  std::string data;              // `data:` lines joined by \n; bytes as they came, UTF-8 is not checked
  std::string id;                // the last `id:` seen so far
  friend bool operator==(const SseEvent&, const SseEvent&) = default;
};

// Bytes go in in any pieces (a line end, even a UTF-8 sequence may be cut). Lines end with CR, LF or CRLF; comments, a
// leading byte order mark, unknown fields and events without data are skipped.
class SseParser {
 public:
  // `max_event_bytes`: bound on one event's lines, and so on what is kept.
  explicit SseParser(std::size_t max_event_bytes = 1 << 20) : max_event_bytes_(max_event_bytes) {}

  // Only once next() has returned nullopt for what was fed before.
  void feed(std::string_view bytes);
  // The next whole event; nullopt when more bytes are needed. too_large past the bound (again on every later call).
  Result<std::optional<SseEvent>> next();
  // True if bytes of an event that was not ended by an empty line are left: the stream was cut.
  [[nodiscard]] bool has_partial() const noexcept;
  // The last `retry:` value, in milliseconds.
  [[nodiscard]] std::optional<long> retry_ms() const noexcept { return retry_ms_; }

 private:
  void take_line(std::string_view line);

  std::size_t max_event_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t scanned_ = 0;  // from at_: bytes known to hold no line end
  bool at_start_ = true;     // a byte order mark may follow
  bool skip_lf_ = false;     // the last line ended with CR: an LF belongs to it
  bool too_large_ = false;
  bool has_data_ = false;
  std::string type_;
  std::string data_;
  std::string id_;
  std::optional<long> retry_ms_;
};

// "data: …\n\n", with "event: …\n" before it if `type` is not empty. Line ends in `data` become further data lines.
std::string encode_sse(std::string_view data, std::string_view type = {});
// What ends OpenAI's streams of chat completions.
inline constexpr std::string_view kSseDone = "data: [DONE]\n\n";

}  // namespace hearth::dialects
