#include <hearth/core/units.h>
#include <hearth/engines/control_groups.h>
#include <hearth/hardware/load.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::size_t kMaxFile = 64 * 1024;

// Files of the kernel take a value in one write.
Result<void> put(const fs::path& file, std::string_view value) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
    return fail_errno(errno, fmt::format("cannot write \"{}\" to {}", value, file.string()));
  return {};
}

Result<void> make_group(const fs::path& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
    return fail_errno(errno, fmt::format("cannot make the control group {}", path.string()));
  return {};
}

// systemd marks what it hands over; what is merely writable (for root everything is) is not ours to change.
bool is_delegated(const fs::path& group) {
  return std::ranges::any_of(std::array{"user.delegate", "trusted.delegate"}, [&](const char* mark) {
    char value = 0;
    return ::getxattr(group.c_str(), mark, &value, 1) == 1 && value == '1';
  });
}

bool has_word(std::string_view text, std::string_view word) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    if (text.substr(0, end) == word) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

Result<void> move_processes(const fs::path& from, const fs::path& to) {
  constexpr int kRounds = 16;  // one that ends or forks meanwhile is another round's business
  Result<void> last;
  for (int round = 0; round < kRounds; ++round) {
    HEARTH_TRY_ASSIGN(const std::string text, read_file(from / "cgroup.procs", kMaxFile));
    if (text.empty()) return {};
    last = fail(Errc::io_error, fmt::format("processes keep appearing in {}", from.string()));
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (auto moved = put(to / "cgroup.procs", rest.substr(0, end)); !moved) last = std::move(moved);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return last;
}

std::optional<std::uint64_t> value_of(std::string_view line, std::string_view key) {
  if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') return std::nullopt;
  line.remove_prefix(key.size() + 1);
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (ec != std::errc() || end != line.data() + line.size()) return std::nullopt;
  return value;
}

}  // namespace

GroupLimits group_limits(std::uint64_t reservation, const ResourceLimits& limits) noexcept {
  constexpr std::uint64_t kFactor = 4;
  constexpr std::uint64_t kAtLeastMore = 512 * kMiB;
  constexpr std::uint64_t kElse = 128 * kMiB;
  constexpr std::uint64_t kBand = 32;  // narrower than a leak is slow: growing through it takes a second or two
  constexpr std::uint64_t kMost = 1ULL << 60;
  constexpr std::uint64_t kBubblewrap = 16;  // its own processes
  const std::uint64_t expected = std::min(reservation, kMost / kFactor);
  const std::uint64_t generous = std::max(kFactor * expected, expected + kAtLeastMore);
  const std::uint64_t most = std::max(std::min(limits.data, kMost), expected);
  GroupLimits group;
  group.memory_max = std::min(generous, most) + kElse;
  group.memory_high = group.memory_max - group.memory_max / kBand;
  group.processes = limits.processes + kBubblewrap;
  group.nice = limits.nice;
  return group;
}

std::optional<MemoryEvents> parse_memory_events(std::string_view text) {
  MemoryEvents events;
  bool found = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const auto oom = value_of(line, "oom")) events.at_limit = *oom;
    if (const auto killed = value_of(line, "oom_kill")) {
      events.killed = *killed;
      found = true;
    }
  }
  return found ? std::optional(events) : std::nullopt;
}

std::string explain_memory_end(const MemoryEvents& events, std::uint64_t memory_max) {
  if (events.killed == 0) return {};
  if (events.at_limit == 0) return "was ended by the kernel, for the machine ran out of memory";
  return fmt::format("ran into its memory limit of {} and was ended by the kernel", format_bytes(memory_max));
}

std::optional<std::string> parse_own_group(std::string_view text) {
  constexpr std::string_view kUnified = "0::";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(kUnified)) continue;
    line.remove_prefix(kUnified.size());
    const bool inside = line.size() > 1 && line.front() == '/' && line.find("/..") == std::string_view::npos;
    return inside ? std::optional(std::string(line)) : std::nullopt;
  }
  return std::nullopt;
}

Result<fs::path> claim_control_groups(const fs::path& mount, const fs::path& own) {
  const auto text = read_file(own, kMaxFile);
  const auto group = text ? parse_own_group(*text) : std::nullopt;
  if (!group) return fail(Errc::not_found, "this process is in no control group (cgroup v2) of its own");
  fs::path folder = mount / fs::path(*group).relative_path();
  if (!is_delegated(folder)) return fail(Errc::not_found, fmt::format("{} is not delegated", folder.string()));
  HEARTH_TRY_ASSIGN(const std::string controllers, read_file(folder / "cgroup.controllers", kMaxFile));
  if (!has_word(controllers, "memory"))
    return fail(Errc::not_found, fmt::format("memory is not among what is delegated in {}", folder.string()));
  HEARTH_TRY(make_group(folder / "daemon"));
  HEARTH_TRY(move_processes(folder, folder / "daemon"));
  for (const std::string_view controller : {"memory", "pids", "cpu"}) {
    if (has_word(controllers, controller)) {
      HEARTH_TRY(put(folder / "cgroup.subtree_control", fmt::format("+{}", controller)));
    }
  }
  return folder;
}

Result<ControlGroup> ControlGroup::create(const fs::path& parent, const std::string& name, const GroupLimits& limits) {
  ControlGroup group(parent / name, limits);
  HEARTH_TRY(make_group(group.path_));
  const auto fill = [&]() -> Result<void> {
    HEARTH_TRY(put(group.path_ / "memory.max", std::to_string(limits.memory_max)));
    HEARTH_TRY(put(group.path_ / "memory.high", std::to_string(limits.memory_high)));
    HEARTH_TRY(put(group.path_ / "memory.oom.group", "1"));
    // Not delegated everywhere, and not what the engine is dangerous by.
    std::error_code ec;
    if (fs::exists(group.path_ / "pids.max", ec)) {
      HEARTH_TRY(put(group.path_ / "pids.max", std::to_string(limits.processes)));
    }
    if (fs::exists(group.path_ / "cpu.weight.nice", ec)) {
      HEARTH_TRY(put(group.path_ / "cpu.weight.nice", std::to_string(limits.nice)));
    }
    group.folder_ = Fd(::open(group.path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!group.folder_) return fail_errno(errno, fmt::format("cannot open {}", group.path_.string()));
    return {};
  };
  if (const auto filled = fill(); !filled) {
    ::rmdir(group.path_.c_str());
    return fail(filled.error());
  }
  return group;
}

MemoryEvents ControlGroup::events() const {
  const auto text = read_file(path_ / "memory.events", kMaxFile);
  return text ? parse_memory_events(*text).value_or(MemoryEvents()) : MemoryEvents();
}

double ControlGroup::stalled() const {
  const auto text = read_file(path_ / "memory.pressure", kMaxFile);
  return text ? hardware::parse_pressure(*text).value_or(hardware::Stall()).full : 0;
}

Result<void> ControlGroup::end() const {
  if (::rmdir(path_.c_str()) == 0 || errno == ENOENT) return {};
  const int err = errno;
  // Before Linux 5.14 there is no such file: the sandbox's end has to do.
  [[maybe_unused]] const auto told = put(path_ / "cgroup.kill", "1");
  return fail(Errc::unavailable, fmt::format("{} cannot be removed yet: {}", path_.string(),
                                             std::error_code(err, std::generic_category()).message()));
}

}  // namespace hearth::engines
