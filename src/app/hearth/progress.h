// A line on stderr that says how far long work is; nothing at all where stderr is no terminal.
#pragma once

#include <hearth/core/clock.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::tool {

// "listening  ████████──────────  42 %  1:20 / 3:10". `done` 0 to 1; below 0: not known, only `detail` is shown.
std::string progress_line(std::string_view what, double done, std::string_view detail, std::size_t columns);
// "1:05", "1:02:03"
std::string clock_time(double seconds);

class Progress {
 public:
  enum class Show { no, yes };
  // `columns`: of the terminal.
  Progress(Show show, std::size_t columns) : show_(show), columns_(columns) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  // Draws at most ten times a second, and not in the first moments: short work shows no bar.
  void update(std::string_view what, double done, std::string_view detail);
  // Before anything else is printed on the terminal, and at the end.
  void clear();

 private:
  Show show_;
  std::size_t columns_;
  SteadyTime started_ = steady_now();
  SteadyTime drawn_{};
  bool visible_ = false;
};

}  // namespace hearth::tool
