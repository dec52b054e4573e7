// Digits as people group them: "4111 1111 1111 1111", "(212) 555-0143", "123.456.789-09". A run is what may belong
// together; a piece of it is some of its groups, one after the other, read as one number.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace hearth::privacy {

struct Group {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t length() const noexcept { return end - begin; }
};

// How a number's edge stands to what is beside it.
enum class Edge {
  clean,   // a space, a bracket, the end of the text, …
  joined,  // a sign with a letter or digit behind it: "ORD-4111", "4111.png", "#4111"
  glued,   // a letter, a digit or '_': part of a longer word
};

struct NumberRun {
  static constexpr std::size_t kMaxGroups = 24;
  // Groups that a number has at most; a run that was cut at kMaxGroups goes on with its last kOverlap groups.
  static constexpr std::size_t kOverlap = 8;

  std::array<Group, kMaxGroups> groups;
  std::size_t count = 0;
  bool cut = false;
  Edge begins = Edge::clean;
  Edge ends = Edge::clean;

  [[nodiscard]] std::size_t end() const noexcept { return groups[count - 1].end; }
  // Between group i and the next.
  [[nodiscard]] std::string_view separator(std::string_view text, std::size_t i) const {
    return text.substr(groups[i].end, groups[i + 1].begin - groups[i].end);
  }
};

// `i`: a digit with no digit before it.
NumberRun read_run(std::string_view text, std::size_t i);
Edge edge_before(std::string_view text, std::size_t begin) noexcept;
Edge edge_after(std::string_view text, std::size_t end) noexcept;

inline constexpr std::size_t kMaxDigits = 19;

struct Piece {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t groups = 0;
  std::array<char, kMaxDigits> digit_bytes{};
  std::size_t digit_count = 0;
  std::array<char, NumberRun::kOverlap>
      shape_bytes{};              // each group's length: '4' for four, 'A' for ten, 'B' for eleven, …
  char separator = 0;             // the one that stands between all groups; 0: none, or several kinds
  bool single_separators = true;  // each is one character
  Edge begins = Edge::clean;
  Edge ends = Edge::clean;

  [[nodiscard]] std::string_view digits() const noexcept { return {digit_bytes.data(), digit_count}; }
  [[nodiscard]] std::string_view shape() const noexcept { return {shape_bytes.data(), groups}; }
  [[nodiscard]] bool stands_alone() const noexcept { return begins == Edge::clean && ends == Edge::clean; }
  [[nodiscard]] bool glued() const noexcept { return begins == Edge::glued || ends == Edge::glued; }
};

// Grows a piece group by group from `first` on.
class PieceReader {
 public:
  PieceReader(std::string_view text, const NumberRun& run, std::size_t first);
  // Adds the next group; false: there is none, or it would be more digits than any number has.
  bool grow();
  [[nodiscard]] const Piece& piece() const noexcept { return piece_; }

 private:
  void set_edges();

  std::string_view text_;
  const NumberRun& run_;
  std::size_t first_;
  Piece piece_;
};

}  // namespace hearth::privacy
