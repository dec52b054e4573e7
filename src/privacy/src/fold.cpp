#include "src/fold.h"

#include "src/characters.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace hearth::privacy {

namespace {

constexpr char kUnseen = '\0';
constexpr char kAsItIs = '\1';

struct Fold {
  std::size_t length = 1;  // bytes of the text
  char to = kAsItIs;       // one ASCII character, kUnseen for nothing
  bool alone = true;       // worth folding a text for; punctuation of Chinese text is not
};

char digit_from(unsigned value, unsigned zero) noexcept {
  return value >= zero && value < zero + 10 ? static_cast<char>('0' + value - zero) : kAsItIs;
}

// U+2000 to U+206F, U+2212: `low` is the code point's low part within U+2000.
char general_punctuation(unsigned low) noexcept {
  if (low <= 0x0A || low == 0x2F || low == 0x5F) return ' ';
  if (low >= 0x0B && low <= 0x0F) return kUnseen;                                    // zero-width and direction marks
  if ((low >= 0x2A && low <= 0x2E) || (low >= 0x60 && low <= 0x6F)) return kUnseen;  // embedding, joiner, isolates
  if (low >= 0x10 && low <= 0x15) return '-';
  return kAsItIs;
}

// What begins at text[i], which is no ASCII character.
Fold fold_at(std::string_view text, std::size_t i) noexcept {
  const auto tail = [&](std::size_t n) { return byte(at(text, i + n)); };
  switch (byte(text[i])) {
    case 0xC2:
      if (tail(1) == 0xAD) return {2, kUnseen, true};
      if (tail(1) == 0xA0) return {2, ' ', true};
      break;
    case 0xD9:
      return {2, digit_from(tail(1), 0xA0), true};  // Arabic-Indic
    case 0xDB:
      return {2, digit_from(tail(1), 0xB0), true};  // Extended Arabic-Indic
    case 0xE0:
      if (tail(1) == 0xA5) return {3, digit_from(tail(2), 0xA6), true};  // Devanagari
      break;
    case 0xE2:
      if (tail(1) == 0x80 || tail(1) == 0x81)
        return {3, general_punctuation((tail(1) - 0x80U) * 0x40U + (tail(2) & 0x3FU)), true};
      if (tail(1) == 0x88 && tail(2) == 0x92) return {3, '-', true};
      break;
    case 0xE3:
      if (tail(1) == 0x80 && tail(2) == 0x80) return {3, ' ', false};
      break;
    case 0xEF:
      if (tail(1) == 0xBB && tail(2) == 0xBF) return {3, kUnseen, true};
      if (tail(1) == 0xB9 && tail(2) == 0xAB) return {3, '@', true};
      // U+FF01 to U+FF5E are ASCII's signs, wide.
      if ((tail(1) == 0xBC && tail(2) >= 0x81 && tail(2) <= 0xBF) ||
          (tail(1) == 0xBD && tail(2) >= 0x80 && tail(2) <= 0x9E)) {
        const char c = static_cast<char>((tail(1) - 0xBCU) * 0x40U + tail(2) - 0x80U + 0x20U);
        return {3, c, is_alnum(c) || c == '@'};
      }
      break;
    case 0xF0:  // mathematical digits, five alphabets of them
      if (tail(1) == 0x9D && tail(2) == 0x9F && tail(3) >= 0x8E && tail(3) <= 0xBF)
        return {4, static_cast<char>('0' + (tail(3) - 0x8EU) % 10), true};
      break;
    default:
      break;
  }
  return {};
}

// The first byte outside ASCII from `i` on.
std::size_t skip_ascii(std::string_view text, std::size_t i) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  while (i + sizeof(std::uint64_t) <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    if ((word & kHighBits) != 0) break;
    i += sizeof word;
  }
  while (i < text.size() && byte(text[i]) < 0x80) ++i;
  return i;
}

}  // namespace

FoldedText::FoldedText(std::string_view text) : text_(text) {
  for (std::size_t i = skip_ascii(text, 0); i < text.size(); i = skip_ascii(text, i)) {
    const Fold found = fold_at(text, i);
    if (found.to != kAsItIs && found.alone && i + found.length <= text.size()) {
      fold();
      return;
    }
    ++i;
  }
}

void FoldedText::fold() {
  folded_ = true;
  bytes_.reserve(text_.size());
  std::size_t i = 0;
  while (i < text_.size()) {
    const std::size_t next = skip_ascii(text_, i);
    bytes_.append(text_.substr(i, next - i));
    i = next;
    if (i == text_.size()) break;
    const Fold found = fold_at(text_, i);
    if (found.to == kAsItIs || i + found.length > text_.size()) {
      bytes_.push_back(text_[i++]);
      continue;
    }
    if (found.to != kUnseen) {
      shifts_.push_back({bytes_.size(), i});
      bytes_.push_back(found.to);
    }
    i += found.length;
    shifts_.push_back({bytes_.size(), i});
  }
}

std::size_t FoldedText::begin_in_text(std::size_t offset) const noexcept {
  const auto after = std::ranges::upper_bound(shifts_, offset, {}, &Shift::folded);
  if (after == shifts_.begin()) return offset;
  const Shift& last = *std::prev(after);
  return last.original + (offset - last.folded);
}

std::size_t FoldedText::end_in_text(std::size_t offset) const noexcept {
  if (offset == 0) return 0;
  // The end of the character that ends here, not the beginning of the next: what is unseen between them stays.
  const std::size_t last = begin_in_text(offset - 1);
  if (!folded_ || byte(text_[last]) < 0x80) return last + 1;
  const Fold found = fold_at(text_, last);
  return found.to == kAsItIs ? last + 1 : last + found.length;
}

}  // namespace hearth::privacy
