// What an engine writes to its standard error, turned into log lines: bounded in length and in rate.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/log.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hearth::engines {

// Cuts a stream of bytes into lines. What is longer than `max_line` bytes is cut off there; empty lines are left out.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}
  void push(std::string_view bytes, const std::function<void(std::string_view)>& line);
  // The stream has ended: its last line may lack a line break.
  void end(const std::function<void(std::string_view)>& line);

 private:
  std::size_t max_line_;
  std::string partial_;
};

// So many lines a second, and a burst on top. Counts what it refuses.
class LineBudget {
 public:
  LineBudget(double per_second, double burst) : per_second_(per_second), burst_(burst), left_(burst) {}
  bool take(SteadyTime now);
  // How many were refused since the last call.
  std::uint64_t take_refused();

 private:
  double per_second_;
  double burst_;
  double left_;
  SteadyTime last_;
  std::uint64_t refused_ = 0;
};

struct EngineLine {
  log::Level level = log::Level::info;
  std::string message;
  std::string detail;  // further fields, as JSON; empty: none
};
// Our own engines write one JSON object a line (level, msg, fields); anything else is a message as it stands.
EngineLine parse_engine_line(std::string_view line);

}  // namespace hearth::engines
