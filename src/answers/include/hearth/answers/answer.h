// A whole answer as its client got it: what the cache and the journal of idempotent requests keep.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/data_class.h>
#include <hearth/core/error.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::answers {

// Header fields that belong to an answer, besides its type: name and value.
using AnswerHeaders = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  std::string tenant;  // whose it is
  DataClass data_class = kUnknownClass;
  std::string content_type;
  AnswerHeaders headers;
  std::string body;
  // Of a stream: where each piece that was sent ends in `body`, ascending, the last at its end. Empty: a whole answer.
  std::vector<std::uint32_t> ends;
  // What it took.
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::string currency;     // of what was paid; empty: nothing, or nobody knows
  std::int64_t nano = 0;    // billionths of it
  std::string answered_by;  // the model that answered, for records
  WallTime made;

  [[nodiscard]] bool is_stream() const noexcept { return !ends.empty(); }
  // A stream's piece, from 0.
  [[nodiscard]] std::string_view piece(std::size_t i) const noexcept {
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(body).substr(begin, ends[i] - begin);
  }
  // Memory it takes, about.
  [[nodiscard]] std::uint64_t size() const noexcept {
    constexpr std::uint64_t kFixed = 320;
    std::uint64_t size =
        kFixed + tenant.size() + content_type.size() + answered_by.size() + currency.size() + body.size();
    size += ends.size() * sizeof(std::uint32_t);
    for (const auto& [name, value] : headers) size += kFixed / 4 + name.size() + value.size();
    return size;
  }
  friend bool operator==(const Answer&, const Answer&) = default;
};

using AnswerPtr = std::shared_ptr<const Answer>;

// For the disk, with a checksum: SQLite's pages have none.
std::string encode(const Answer& answer);
// corrupt: not what encode() makes, or damaged since.
Result<Answer> decode_answer(std::string_view bytes);

}  // namespace hearth::answers
