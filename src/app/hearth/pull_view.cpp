#include "pull_view.h"

#include "progress.h"
#include "terminal.h"

#include <hearth/core/units.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace hearth::tool {
namespace {

constexpr std::size_t kNameColumns = 34;
constexpr std::size_t kMaxFiles = 256;
constexpr auto kBetween = std::chrono::milliseconds(100);

std::uint64_t size_field(const json::value& event, std::string_view name) {
  const double n = json::number(event, name);
  return n > 0 ? static_cast<std::uint64_t>(n) : 0;
}

Errc code_named(std::string_view name) {
  for (int i = 1; i <= static_cast<int>(Errc::internal); ++i)
    if (to_string(static_cast<Errc>(i)) == name) return static_cast<Errc>(i);
  return Errc::internal;
}

}  // namespace

PullView::File& PullView::file(const std::string& name) {
  const auto found = std::ranges::find(files_, name, &File::name);
  if (found != files_.end()) return *found;
  if (files_.size() >= kMaxFiles) return files_.back();
  return files_.emplace_back(File{name, 0, 0, {}});
}

void PullView::take(const json::value& event) {
  const std::string kind = json::text(event, "event");
  const std::string model = printable(json::text(event, "model"));
  const std::string name = printable(json::text(event, "file"));
  if (kind == "resolving") {
    note_ = fmt::format("{}: asking what there is", model);
  } else if (kind == "resolved") {
    note_.clear();
    for (const json::value& entry : json::list(event, "files"))
      file(printable(json::text(entry, "name"))).total = size_field(entry, "bytes");
  } else if (kind == "progress") {
    note_.clear();
    File& f = file(name);
    f.state.clear();
    f.done = size_field(event, "done");
    if (const auto total = size_field(event, "total"); total > 0) f.total = total;
  } else if (kind == "verifying") {
    file(name).state = "checking";
  } else if (kind == "waiting") {
    file(name).state = "another pull is fetching it";
  } else if (kind == "retrying") {
    note_ = fmt::format("{}; trying again in {:.0f} s", printable(json::text(event, "message")),
                        json::number(event, "seconds"));
  } else if (kind == "installed") {
    note_.clear();
    for (File& f : files_) f.state.clear();
    const std::string licence = printable(json::text(event, "licence"));
    ending_ = json::flag(event, "was_there")
                  ? fmt::format("{} was installed already.", model)
                  : fmt::format("{} is installed: {}, {}{}.", model, printable(json::text(event, "task")),
                                format_bytes(size_field(event, "bytes")),
                                licence.empty() ? "" : fmt::format(", licence {}", licence));
    if (!json::flag(event, "was_there") && !json::flag(event, "commercial"))
      ending_ += " Its licence does not allow commercial use, as far as is known.";
    if (const std::string hint = printable(json::text(event, "hint")); !hint.empty()) ending_ += "\n  " + hint;
  } else if (kind == "failed") {
    note_.clear();
    failure_ = Error(code_named(json::text(event, "code")), json::text(event, "message"));
  }
}

std::vector<std::string> PullView::lines(std::size_t columns) const {
  std::vector<std::string> lines;
  for (const File& f : files_) {
    const std::string name = pad_right(cut(f.name, kNameColumns), kNameColumns);
    const double share = f.total > 0 ? static_cast<double>(f.done) / static_cast<double>(f.total) : -1;
    std::string detail =
        f.total > 0 ? fmt::format("{} / {}", format_bytes(f.done), format_bytes(f.total)) : format_bytes(f.done);
    if (!f.state.empty()) detail = f.state;
    lines.push_back(progress_line(name, share, detail, columns));
  }
  if (!note_.empty()) lines.push_back(cut(note_, columns - 1));
  return lines;
}

void LiveLines::draw(const std::vector<std::string>& lines, When when) {
  const SteadyTime now = steady_now();
  if (!shown_ || (when == When::soon && now - last_ < kBetween)) return;
  last_ = now;
  std::string out;
  if (drawn_ > 0) out += fmt::format("\033[{}A", drawn_);
  for (const std::string& line : lines) out += "\r\033[K" + line + "\n";
  out += "\033[J";  // what was longer before
  drawn_ = lines.size();
  // A terminal that has gone away is no reason to stop the work.
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, out.data(), out.size());
}

}  // namespace hearth::tool
