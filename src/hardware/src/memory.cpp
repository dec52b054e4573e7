#include "text.h"

#include <hearth/core/file.h>
#include <hearth/hardware/memory.h>

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>

namespace hearth::hardware {
namespace {

constexpr std::size_t kProcLimit = 64 * 1024;
constexpr std::size_t kMaxTree = 4096;  // processes of one engine; more are not counted

std::optional<std::uint64_t> resident_memory(pid_t pid) {
  const auto text = read_file(fmt::format("/proc/{}/statm", pid), kProcLimit);
  if (!text) return std::nullopt;
  const std::size_t blank = text->find(' ');
  if (blank == std::string::npos) return std::nullopt;
  const auto pages = leading_number(std::string_view(*text).substr(blank + 1));
  if (!pages) return std::nullopt;
  return *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// The kernel lists a thread's children itself when it was built to (CONFIG_PROC_CHILDREN, as Debian's is).
std::optional<std::vector<pid_t>> listed_children(pid_t pid) {
  std::unique_ptr<DIR, int (*)(DIR*)> tasks(::opendir(fmt::format("/proc/{}/task", pid).c_str()), ::closedir);
  if (!tasks) return std::vector<pid_t>();
  std::vector<pid_t> children;
  while (const dirent* entry = ::readdir(tasks.get())) {
    if (entry->d_name[0] == '.') continue;
    const auto text = read_file(fmt::format("/proc/{}/task/{}/children", pid, entry->d_name), kProcLimit);
    if (!text) {
      if (::access(fmt::format("/proc/{}/task/{}/stat", pid, entry->d_name).c_str(), F_OK) == 0) return std::nullopt;
      continue;  // the thread ended meanwhile
    }
    std::string_view rest = *text;
    while (const auto child = leading_number(rest)) {
      children.push_back(static_cast<pid_t>(*child));
      const std::size_t blank = rest.find(' ');
      rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
    }
  }
  return children;
}

std::multimap<pid_t, pid_t> all_parents() {
  std::multimap<pid_t, pid_t> by_parent;
  std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (!proc) return by_parent;
  while (const dirent* entry = ::readdir(proc.get())) {
    const auto pid = leading_number(entry->d_name);
    if (!pid) continue;
    const auto text = read_file(fmt::format("/proc/{}/stat", *pid), kProcLimit);
    if (!text) continue;
    if (const auto parent = parse_parent(*text)) by_parent.emplace(*parent, static_cast<pid_t>(*pid));
  }
  return by_parent;
}

}  // namespace

Result<MachineMemory> parse_meminfo(std::string_view text) {
  const auto total = field(text, "MemTotal").and_then(kilobytes);
  const auto available = field(text, "MemAvailable").and_then(kilobytes);
  if (!total || !available) return fail(Errc::corrupt, "/proc/meminfo lacks MemTotal or MemAvailable");
  return MachineMemory{*total, *available};
}

Result<MachineMemory> machine_memory() {
  HEARTH_TRY_ASSIGN(const std::string text, read_file("/proc/meminfo", kProcLimit));
  return parse_meminfo(text);
}

std::optional<std::uint64_t> parse_pss(std::string_view text) {
  return field(text, "Pss").and_then(kilobytes);
}

std::uint64_t process_memory(pid_t pid) {
  if (const auto text = read_file(fmt::format("/proc/{}/smaps_rollup", pid), kProcLimit)) {
    if (const auto pss = parse_pss(*text)) return *pss;
  }
  return resident_memory(pid).value_or(0);
}

std::uint64_t tree_memory(pid_t root) {
  std::uint64_t sum = 0;
  for (const pid_t pid : process_tree(root)) sum += process_memory(pid);
  return sum;
}

std::optional<pid_t> parse_parent(std::string_view text) {
  // "PID (name) state parent …": the name may hold blanks and parentheses, so look from the last ')'.
  const std::size_t end = text.rfind(')');
  if (end == std::string_view::npos || text.size() < end + 5 || text[end + 1] != ' ' || text[end + 3] != ' ')
    return std::nullopt;
  const auto parent = leading_number(text.substr(end + 4));
  if (!parent || *parent > INT32_MAX) return std::nullopt;
  return static_cast<pid_t>(*parent);
}

std::vector<pid_t> process_tree(pid_t root) {
  if (::access(fmt::format("/proc/{}/stat", root).c_str(), F_OK) != 0) return {};
  std::vector<pid_t> tree{root};
  std::optional<std::multimap<pid_t, pid_t>> scanned;
  for (std::size_t i = 0; i < tree.size() && tree.size() < kMaxTree; ++i) {
    if (!scanned) {
      if (const auto children = listed_children(tree[i])) {
        tree.insert(tree.end(), children->begin(), children->end());
        continue;
      }
      scanned = all_parents();
    }
    const auto [first, last] = scanned->equal_range(tree[i]);
    for (auto it = first; it != last; ++it) tree.push_back(it->second);
  }
  return tree;
}

}  // namespace hearth::hardware
