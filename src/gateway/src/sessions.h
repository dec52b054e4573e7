// Which model a conversation began with. Bounded; what was not used for the longest time goes first. I/O thread.
//
// A conversation has its place among a few, next to each other: a list and an index of thousands would be out of the
// processor's caches each time that they are asked.
#pragma once

#include <hearth/core/clock.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hearth::gateway {

class Sessions {
 public:
  explicit Sessions(std::size_t most = 4096, Seconds lifetime = Seconds(3600))
      : row_(std::min(most, kRow)), rows_(std::max<std::size_t>(most / kRow, 1)), lifetime_(lifetime) {}

  void remember(std::size_t conversation, std::string_view model, SteadyTime now) {
    if (entries_.empty()) entries_.resize(row_ * rows_);  // not before the box has something to remember
    const std::span<Entry> row = row_of(conversation);
    auto place = std::ranges::find(row, conversation, &Entry::conversation);
    if (place == row.end()) place = std::ranges::min_element(row, {}, &Entry::turn);
    place->conversation = conversation;
    place->model = model;
    place->used = now;
    place->turn = ++turn_;
  }
  [[nodiscard]] std::optional<std::string> find(std::size_t conversation, SteadyTime now) {
    if (entries_.empty()) return std::nullopt;
    const std::span<Entry> row = row_of(conversation);
    const auto found = std::ranges::find(row, conversation, &Entry::conversation);
    if (found == row.end() || found->model.empty() || now - found->used > lifetime_) return std::nullopt;
    return found->model;
  }

 private:
  static constexpr std::size_t kRow = 8;
  struct Entry {
    std::size_t conversation = 0;
    SteadyTime used{};
    std::uint64_t turn = 0;  // when it was used last, among all uses
    std::string model;       // empty: nothing is remembered here
  };
  std::span<Entry> row_of(std::size_t conversation) {
    return std::span(entries_).subspan(conversation % rows_ * row_, row_);
  }

  std::size_t row_;
  std::size_t rows_;
  Seconds lifetime_;
  std::uint64_t turn_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace hearth::gateway
