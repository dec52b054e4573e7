// Structured logging: one JSON object a line on stderr (systemd's journal reads it as it is), and the newest lines in a
// ring that `hearth logs` reads.
//
// Callable from any thread. Never log a secret, a request body or a header's value.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::log {

enum class Level { debug, info, warn, error };
enum class Format { json, text };

struct Field {
  std::string_view name;
  std::string value;
  bool quoted = true;  // numbers and booleans are written bare
  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(v) {}
  Field(std::string_view n, bool v) : name(n), value(v ? "true" : "false"), quoted(false) {}
  template <typename T>
    requires std::is_arithmetic_v<T>
  Field(std::string_view n, T v) : name(n), value(fmt::format("{}", v)), quoted(false) {}
};

// Once, at the start of main. `format`: json for machines, text for a person's terminal.
void init(Level level, Format format);
[[nodiscard]] bool enabled(Level level) noexcept;
// `room`: which part speaks ("net", "engines.embed"); `message`: a constant sentence; what varies goes into fields.
void write(Level level, std::string_view room, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view room, std::string_view m, std::initializer_list<Field> f = {}) {
  if (enabled(Level::debug)) write(Level::debug, room, m, f);
}
inline void info(std::string_view room, std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::info, room, m, f);
}
inline void warn(std::string_view room, std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::warn, room, m, f);
}
inline void error(std::string_view room, std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::error, room, m, f);
}

// A line of the ring, oldest first. `seq` grows by one with each line ever written.
struct Line {
  std::uint64_t seq;
  Level level;
  std::string json;
};
// Lines with seq > `after`, at most `limit` of the newest.
std::vector<Line> recent(std::uint64_t after, std::size_t limit);

Level parse_level(std::string_view name, Level fallback) noexcept;
std::string_view to_string(Level level) noexcept;
// Appends `text` to `out` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace hearth::log
