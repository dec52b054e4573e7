#include "progress.h"

#include "interrupt.h"
#include "terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace hearth::tool {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(300);
constexpr auto kBetween = std::chrono::milliseconds(100);

void write_stderr(std::string_view text) {
  // A terminal that has gone away is no reason to stop the work.
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

std::string clock_time(double seconds) {
  const auto s = static_cast<std::int64_t>(std::floor(std::max(0.0, seconds)));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60);
}

std::string progress_line(std::string_view what, double done, std::string_view detail, std::size_t columns) {
  if (done < 0) return cut(fmt::format("{}  {}", what, detail), columns - 1);
  const double share = std::clamp(done, 0.0, 1.0);
  const std::string tail = fmt::format("{:3.0f} %  {}", std::floor(share * 100), detail);
  const std::size_t taken = display_width(what) + display_width(tail) + 5;
  if (taken + 6 > columns) return cut(fmt::format("{}  {}", what, tail), columns - 1);
  const std::size_t width = std::min<std::size_t>(30, columns - taken);
  const auto full = static_cast<std::size_t>(std::floor(share * static_cast<double>(width)));
  std::string bar;
  for (std::size_t i = 0; i < width; ++i) bar += i < full ? "█" : "─";
  return fmt::format("{}  {}  {}", what, bar, tail);
}

void Progress::update(std::string_view what, double done, std::string_view detail) {
  if (show_ == Show::no) return;
  const SteadyTime now = steady_now();
  if (now - started_ < kPatience || now - drawn_ < kBetween) return;
  drawn_ = now;
  if (!visible_) progress_line_shown(true);
  visible_ = true;
  write_stderr("\r\033[K" + progress_line(what, done, detail, columns_));
}

void Progress::clear() {
  if (!visible_) return;
  write_stderr("\r\033[K");
  progress_line_shown(false);
  visible_ = false;
}

}  // namespace hearth::tool
