#include <hearth/core/clock.h>
#include <hearth/core/log.h>
#include <hearth/core/utf8.h>

#include <unistd.h>

#include <atomic>
#include <deque>
#include <mutex>

namespace hearth::log {
namespace {

constexpr std::size_t kRingLines = 4000;
constexpr std::size_t kUsualLine = 448;
constexpr std::size_t kMaxLine = 8 * 1024;  // a field from outside must not fill the ring

struct State {
  std::mutex mutex;
  std::deque<Line> ring;
  std::uint64_t next_seq = 1;
};

State& state() {
  static State s;
  return s;
}
std::atomic<Level> g_level{Level::info};
std::atomic<Format> g_format{Format::json};

// ASCII that stands in a JSON string as it is.
constexpr bool is_plain(char c) noexcept {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void write_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) return;  // nobody reads: the ring still has it
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

void init(Level level, Format format) {
  g_level = level;
  g_format = format;
}

bool enabled(Level level) noexcept {
  return level >= g_level.load(std::memory_order_relaxed);
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t plain = i;
    while (i < text.size() && is_plain(text[i])) ++i;
    out.append(text, plain, i - plain);
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const std::size_t n = utf8_sequence_length(text.substr(i));
      if (n == 0) {
        out += "\xEF\xBF\xBD";
        ++i;
      } else {
        out.append(text.substr(i, n));
        i += n;
      }
      continue;
    }
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);  // a control character
    }
    ++i;
  }
  out.push_back('"');
}

void write(Level level, std::string_view room, std::string_view message, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const std::string time = format_rfc3339(wall_now());
  std::string json;
  json.reserve(kUsualLine);
  json.append(R"({"time":")").append(time).append(R"(","level":")").append(to_string(level)).append(R"(","room":)");
  append_json_string(json, room);
  json += R"(,"msg":)";
  append_json_string(json, message);
  for (const Field& f : fields) {
    if (json.size() > kMaxLine) break;
    json.push_back(',');
    append_json_string(json, f.name);
    json.push_back(':');
    if (f.quoted) {
      append_json_string(json, std::string_view(f.value).substr(0, kMaxLine));
    } else {
      json += f.value;
    }
  }
  json.push_back('}');

  std::string line;  // empty: the JSON itself
  if (g_format.load(std::memory_order_relaxed) != Format::json) {
    line = fmt::format("{} {:5} {:<16} {}", time.substr(11, 12), to_string(level), room, message);
    for (const Field& f : fields) {
      line += fmt::format("  {}=", f.name);
      if (f.quoted) {
        append_json_string(line, std::string_view(f.value).substr(0, kMaxLine));
      } else {
        line += f.value;
      }
    }
    line.push_back('\n');
  }

  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (line.empty()) {
    json.push_back('\n');
    write_stderr(json);
    json.pop_back();
  } else {
    write_stderr(line);
  }
  s.ring.push_back({s.next_seq++, level, std::move(json)});
  if (s.ring.size() > kRingLines) s.ring.pop_front();
}

std::vector<Line> recent(std::uint64_t after, std::size_t limit) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  std::vector<Line> lines;
  for (const Line& line : s.ring)
    if (line.seq > after) lines.push_back(line);
  if (lines.size() > limit) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(limit));
  return lines;
}

Level parse_level(std::string_view name, Level fallback) noexcept {
  for (const Level level : {Level::debug, Level::info, Level::warn, Level::error})
    if (to_string(level) == name) return level;
  return fallback;
}

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "info";
}

}  // namespace hearth::log
