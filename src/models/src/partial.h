// Which bytes of a download are on the disk, and the small file that remembers it across a crash. Pure; fuzzed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // exclusive
  [[nodiscard]] std::uint64_t size() const noexcept { return end - begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

// A set of bytes as ordered ranges that neither overlap nor touch.
class RangeSet {
 public:
  void add(Range range);
  [[nodiscard]] std::uint64_t size() const noexcept;
  [[nodiscard]] const std::vector<Range>& ranges() const noexcept { return ranges_; }
  // What of [0, total) is not in the set, in pieces of at most `piece` bytes.
  [[nodiscard]] std::vector<Range> missing(std::uint64_t total, std::uint64_t piece) const;
  void clear() noexcept { ranges_.clear(); }
  friend bool operator==(const RangeSet&, const RangeSet&) = default;

 private:
  std::vector<Range> ranges_;
};

struct PartialState {
  std::string url;
  std::string etag;  // strong, with its quotes; empty: the server gave none
  std::uint64_t total = 0;
  RangeSet done;
  friend bool operator==(const PartialState&, const PartialState&) = default;
};

std::string write_partial_state(const PartialState& state);
// nullopt: damaged, torn, or of another version: the download starts over.
std::optional<PartialState> parse_partial_state(std::string_view text);

}  // namespace hearth::models
