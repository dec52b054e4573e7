#include "text.h"

#include <hearth/core/file.h>
#include <hearth/hardware/load.h>
#include <hearth/hardware/memory.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>

namespace hearth::hardware {
namespace {

constexpr std::size_t kLimit = 64 * 1024;

std::string_view take_word(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// "avg10=1.25" in a line of a pressure file. At most two digits after the point, so no locale is asked.
std::optional<double> average(std::string_view line) {
  constexpr std::string_view kKey = "avg10=";
  const std::size_t at = line.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + kKey.size());
  const auto whole = leading_number(line);
  const std::size_t point = line.find('.');
  if (!whole || *whole > 100) return std::nullopt;
  double value = static_cast<double>(*whole);
  double scale = 0.1;
  for (std::size_t i = point; i != std::string_view::npos && ++i < line.size() && line[i] >= '0' && line[i] <= '9';) {
    value += scale * (line[i] - '0');
    scale /= 10;
  }
  return value;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const auto text = read_file(path, kLimit);
  return text ? parse_memory_max(*text) : std::nullopt;
}

// The smallest limit of our cgroup and those above it.
std::optional<std::uint64_t> cgroup_limit() {
  std::optional<std::uint64_t> least;
  const auto consider = [&](std::optional<std::uint64_t> bytes) {
    if (bytes && (!least || *bytes < *least)) least = bytes;
  };
  const auto cgroups = read_file("/proc/self/cgroup", kLimit);
  std::string_view rest = cgroups ? std::string_view(*cgroups) : std::string_view();
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (!line.starts_with("0::/")) continue;
    std::string path(line.substr(3));
    while (path.size() > 1) {
      consider(number_in("/sys/fs/cgroup" + path + "/memory.max"));
      path.resize(path.rfind('/'));
    }
  }
  consider(number_in("/sys/fs/cgroup/memory.max"));  // a container sees its own group as the root
  consider(number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  return least;
}

// Not every kernel tells; then it is 0.
double waited_seconds(pid_t pid) {
  double sum = 0;
  std::error_code ec;
  const std::filesystem::path threads = fmt::format("/proc/{}/task", pid);
  for (std::filesystem::directory_iterator it(threads, ec), end; !ec && it != end; it.increment(ec)) {
    const auto text = read_file(it->path() / "schedstat", kLimit);
    if (const auto waited = text ? parse_waited(*text) : std::nullopt) sum += static_cast<double>(*waited) / 1e9;
  }
  return sum;
}

}  // namespace

std::optional<Work> parse_work(std::string_view text) {
  // "PID (name) state ppid …": the name may hold blanks and parentheses. Of what follows the state, major faults are
  // the 9th field (12th of all), user and system time the 11th and 12th.
  constexpr std::size_t kFields = 12;
  const std::size_t end = text.rfind(')');
  if (end == std::string_view::npos || text.size() < end + 4) return std::nullopt;
  std::string_view rest = text.substr(end + 1);
  take_word(rest);  // the state
  std::array<std::uint64_t, kFields> fields{};
  for (std::uint64_t& field : fields) {
    std::string_view word = take_word(rest);
    if (word.starts_with('-')) word.remove_prefix(1);  // tpgid is -1 without a terminal
    const auto value = leading_number(word);
    if (!value) return std::nullopt;
    field = *value;
  }
  Work work;
  work.major_faults = fields[8];
  if (__builtin_add_overflow(fields[10], fields[11], &work.cpu_ticks)) return std::nullopt;
  return work;
}

std::optional<std::uint64_t> parse_waited(std::string_view text) {
  if (!leading_number(take_word(text))) return std::nullopt;  // in which it ran
  return leading_number(take_word(text));
}

TreeWork tree_work(pid_t root) {
  TreeWork sum;
  const auto hertz = static_cast<double>(::sysconf(_SC_CLK_TCK));
  for (const pid_t pid : process_tree(root)) {
    const auto text = read_file(fmt::format("/proc/{}/stat", pid), kLimit);
    const auto work = text ? parse_work(*text) : std::nullopt;
    if (!work) continue;  // ended meanwhile
    sum.cpu_seconds += static_cast<double>(work->cpu_ticks) / hertz;
    sum.major_faults += work->major_faults;
    sum.waited_seconds += waited_seconds(pid);
  }
  return sum;
}

std::optional<Stall> parse_pressure(std::string_view text) {
  Stall stall;
  bool found = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const auto value = average(line);
    if (!value) continue;
    if (line.starts_with("some ")) {
      stall.some = *value;
      found = true;
    }
    if (line.starts_with("full ")) stall.full = *value;
  }
  if (!found) return std::nullopt;
  return stall;
}

std::optional<std::uint64_t> parse_memory_max(std::string_view text) {
  // cgroup v1 writes the largest multiple of a page for "no limit".
  constexpr std::uint64_t kNoLimit = 1ULL << 62;
  const auto bytes = leading_number(text);
  if (!bytes || *bytes == 0 || *bytes >= kNoLimit) return std::nullopt;
  return bytes;
}

std::uint64_t usable_memory() {
  const auto machine = machine_memory();
  const std::uint64_t total = machine ? machine->total : 0;
  const auto limit = cgroup_limit();
  if (!limit) return total;
  return total == 0 ? *limit : std::min(total, *limit);
}

}  // namespace hearth::hardware
