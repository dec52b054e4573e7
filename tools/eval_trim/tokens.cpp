#include "tokens.h"

#include <hearth/core/utf8.h>

#include <limits>
#include <optional>
#include <vector>

namespace hearth::eval {
namespace {

enum class Sort { letter, digit, space, feed, mark };

struct Character {
  Sort sort = Sort::mark;
  std::size_t bytes = 1;
};

bool is_mark(char32_t c) {
  return (c >= 0x80 && c <= 0xBF && c != 0xAA && c != 0xB5 && c != 0xBA) || c == 0xD7 || c == 0xF7 ||
         (c >= 0x2000 && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20CF) || (c >= 0x2190 && c <= 0x2BFF) ||
         (c >= 0x3000 && c <= 0x303F && c != 0x3005) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF20) ||
         (c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65) || c >= 0x1F000;
}

char32_t decoded(std::string_view sequence) {
  char32_t c = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return c;
  c &= 0xFFU >> (sequence.size() + 1);
  for (const char byte : sequence.substr(1)) c = (c << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  return c;
}

Character character_at(std::string_view text, std::size_t i) {
  const char c = text[i];
  if (c == '\n' || c == '\r') return {Sort::feed, 1};
  if (c == ' ' || c == '\t' || c == '\f' || c == '\v') return {Sort::space, 1};
  if (c >= '0' && c <= '9') return {Sort::digit, 1};
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return {Sort::letter, 1};
  if (static_cast<unsigned char>(c) < 0x80) return {Sort::mark, 1};
  const std::size_t bytes = std::max<std::size_t>(1, utf8_sequence_length(text.substr(i)));
  const char32_t code = decoded(text.substr(i, bytes));
  if (code == 0xA0 || code == 0x3000 || (code >= 0x2000 && code <= 0x200A)) return {Sort::space, bytes};
  return {is_mark(code) ? Sort::mark : Sort::letter, bytes};
}

// The pattern that cl100k_base cuts texts with, word by word.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {}
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }

  std::string_view next() {
    const std::size_t begin = at_;
    if (contraction() || letters() || digits() || marks() || blanks()) return text_.substr(begin, at_ - begin);
    at_ = text_.size();
    return text_.substr(begin);
  }

 private:
  [[nodiscard]] std::size_t run(std::size_t from, auto is,
                                std::size_t most = std::numeric_limits<std::size_t>::max()) const {
    for (std::size_t n = 0; from < text_.size() && n < most; ++n) {
      const Character c = character_at(text_, from);
      if (!is(c.sort)) break;
      from += c.bytes;
    }
    return from;
  }
  static bool is_blank(Sort sort) { return sort == Sort::space || sort == Sort::feed; }

  bool contraction() {
    if (text_[at_] != '\'') return false;
    for (const std::string_view ending : {"s", "t", "re", "ve", "m", "ll", "d"}) {
      if (text_.substr(at_ + 1, ending.size()) != ending) continue;
      at_ += 1 + ending.size();
      return true;
    }
    return false;
  }
  bool letters() {
    const Character first = character_at(text_, at_);
    std::size_t from = at_;
    if (first.sort == Sort::mark || first.sort == Sort::space) from += first.bytes;
    const std::size_t end = run(from, [](Sort sort) { return sort == Sort::letter; });
    if (end == from) return false;
    at_ = end;
    return true;
  }
  bool digits() {
    const std::size_t end = run(at_, [](Sort sort) { return sort == Sort::digit; }, 3);
    if (end == at_) return false;
    at_ = end;
    return true;
  }
  bool marks() {
    const std::size_t from = text_[at_] == ' ' ? at_ + 1 : at_;
    const std::size_t end = run(from, [](Sort sort) { return sort == Sort::mark; });
    if (end == from) return false;
    at_ = run(end, [](Sort sort) { return sort == Sort::feed; });
    return true;
  }
  bool blanks() {
    const std::size_t end = run(at_, is_blank);
    if (end == at_) return false;
    const std::size_t last_feed = text_.substr(at_, end - at_).find_last_of("\r\n");
    if (last_feed != std::string_view::npos) {
      at_ += last_feed + 1;
    } else if (end == text_.size() || end == at_ + 1) {
      at_ = end;
    } else {
      at_ = end - 1;  // the last goes with what follows
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Tokens::Tokens(const embed::Cl100kView& vocabulary) {
  for (std::uint32_t id = 0; id < vocabulary.size(); ++id)
    if (const auto text = vocabulary.text(id)) ranks_.emplace(*text, id);
}

// Byte pair encoding: the neighbours whose joint is the earliest token are joined, again and again.
std::uint64_t Tokens::pieces(std::string_view word) {
  if (ranks_.contains(word)) return 1;
  constexpr std::size_t kLongest = 400;  // what is longer is cut: the loop is quadratic
  if (word.size() > kLongest) return pieces(word.substr(0, kLongest)) + pieces(word.substr(kLongest));
  if (const auto known = known_.find(std::string(word)); known != known_.end()) return known->second;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i <= word.size(); ++i) ends.push_back(i);
  for (;;) {
    std::size_t best = 0;
    std::uint32_t rank = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t i = 0; i + 2 < ends.size(); ++i) {
      const auto found = ranks_.find(word.substr(ends[i], ends[i + 2] - ends[i]));
      if (found == ranks_.end() || found->second >= rank) continue;
      rank = found->second;
      best = i + 1;
    }
    if (best == 0) break;
    ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return known_[std::string(word)] = ends.size() - 1;
}

std::uint64_t Tokens::count(std::string_view text) {
  std::uint64_t tokens = 0;
  for (Cutter cutter(text); !cutter.done();) tokens += pieces(cutter.next());
  return tokens;
}

}  // namespace hearth::eval
