// A pull as it is shown: a bar for each file, from the events of POST /admin/models/pull.
#pragma once

#include "json.h"

#include <hearth/core/clock.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::tool {

// What the events have said so far. Pure.
class PullView {
 public:
  void take(const json::value& event);
  // A line a file, and one for what is being waited for; each fits `columns`.
  [[nodiscard]] std::vector<std::string> lines(std::size_t columns) const;
  // The sentence for the end: "qwen3-0.6b is installed: …"; empty before it.
  [[nodiscard]] const std::string& ending() const noexcept { return ending_; }
  // Set when the pull failed.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

 private:
  struct File {
    std::string name;
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::string state;  // "checking", "waits for another pull"; empty: loading
  };
  File& file(const std::string& name);
  std::vector<File> files_;
  std::string note_;
  std::string ending_;
  std::optional<Error> failure_;
};

// Several lines on stderr that are drawn over each other; nothing where it is no terminal. An interrupt leaves them as
// they are.
class LiveLines {
 public:
  LiveLines(bool shown, std::size_t columns) : shown_(shown), columns_(columns) {}
  LiveLines(const LiveLines&) = delete;
  LiveLines& operator=(const LiveLines&) = delete;
  ~LiveLines() = default;
  [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
  // At most ten times a second, unless `now`.
  enum class When { soon, now };
  void draw(const std::vector<std::string>& lines, When when);

 private:
  bool shown_;
  std::size_t columns_;
  std::size_t drawn_ = 0;
  SteadyTime last_{};
};

}  // namespace hearth::tool
