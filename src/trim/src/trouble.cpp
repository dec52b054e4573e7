#include "src/trouble.h"

#include "src/characters.h"

#include <algorithm>
#include <array>

namespace hearth::trim {

bool tells_trouble(std::string_view line) {
  static constexpr std::array<std::string_view, 44> kWords{
      "err",      "fail",   "warn",   "fatal",     "panic",   "exception",   "traceback", "critical", "crit]",
      "alert",    "emerg",  "abort",  "crash",     "denied",  "refused",     "rejected",  "timeout",  "timed out",
      "unable",   "cannot", "can't",  "could not", "invalid", "illegal",     "corrupt",   "missing",  "not found",
      "segfault", "signal", "killed", "oom",       "out of",  "unreachable", "dropped",   "lost",     "overflow",
      "exceeded", "broken", "错误",   "失败",      "警告",    "异常",        "超时",      "拒绝"};
  const std::string low = lowered(line);
  return std::ranges::any_of(kWords, [&](std::string_view word) { return low.contains(word); });
}

}  // namespace hearth::trim
