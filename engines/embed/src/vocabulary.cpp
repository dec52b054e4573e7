#include "vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

namespace hearth::embed {
namespace {

struct CharRange {
  std::uint32_t first;
  std::uint32_t last;
};

struct CharMapping {
  std::uint32_t from;
  std::array<std::uint32_t, 3> to;  // 0: no more
};

#include "characters.inc"

constexpr std::size_t kMostTokens = 1'000'000;
constexpr std::size_t kLongestToken = 500;
constexpr std::uint32_t kHangulBegin = 0xAC00;
constexpr std::uint32_t kHangulEnd = 0xD7A4;

// Calls `take` with each code point of well-formed text.
template <typename Take>
void each_code_point(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_sequence_length(text), 1);
    take(wordpiece_detail::decode(text, length));
    text.remove_prefix(length);
  }
}

void mark(std::vector<std::uint8_t>& kinds, std::span<const CharRange> ranges, std::uint8_t kind) {
  for (const CharRange& r : ranges)
    for (std::uint32_t c = r.first; c <= r.last; ++c) kinds[c] = kind;
}

}  // namespace

Result<Vocabulary> Vocabulary::parse(std::string_view text, LetterCase letters) {
  Vocabulary made;
  made.values_.assign(kContinuationRoot + 1, kNone);
  std::vector<bool> known(kCodePoints, false);
  Id id = 0;
  for (std::size_t at = 0; at < text.size(); ++id) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view token = text.substr(at, end - at);
    at = end + 1;
    if (token.ends_with('\r')) token.remove_suffix(1);
    if (id == kMostTokens || token.size() > kLongestToken || !is_utf8(token))
      return fail(Errc::invalid_argument,
                  fmt::format("this is no vocabulary: it has a token a line in UTF-8, at most {} of "
                              "at most {} bytes; line {} is not so",
                              kMostTokens, kLongestToken, id + 1));
    if (token == "[UNK]") made.unknown_ = id;
    if (token == "[CLS]") made.first_ = id;
    if (token == "[SEP]") made.last_ = id;
    made.add(token, id);
    each_code_point(token.starts_with("##") && token.size() > 2 ? token.substr(2) : token,
                    [&](std::uint32_t c) { known[c] = true; });
  }
  made.size_ = id;
  if (made.unknown_ == kNone || made.first_ == kNone || made.last_ == kNone)
    return fail(
        Errc::invalid_argument,
        "the vocabulary has no [UNK], [CLS] or [SEP]: it is not a BERT model's; this engine knows WordPiece only");
  made.map_characters(known, letters);
  return made;
}

void Vocabulary::add(std::string_view token, Id id) {
  if (token.empty() || token == "[UNK]") return;
  const bool continued = token.starts_with("##") && token.size() > 2;
  std::uint32_t node = continued ? kContinuationRoot : kWordRoot;
  for (const char byte : continued ? token.substr(2) : token) {
    const std::uint64_t key = std::uint64_t{node} << 8U | static_cast<unsigned char>(byte);
    const auto [at, fresh] = children_.try_emplace(key, static_cast<std::uint32_t>(values_.size()));
    if (fresh) values_.push_back(kNone);
    node = at->second;
  }
  values_[node] = id;
}

void Vocabulary::map_characters(const std::vector<bool>& known, LetterCase letters) {
  enum Kind : std::uint8_t { letter, dropped, space, alone };
  std::vector<std::uint8_t> kinds(kCodePoints, letter);
  mark(kinds, kDropped, dropped);
  if (letters == LetterCase::lower) mark(kinds, kMarks, dropped);
  mark(kinds, kSpaces, space);
  mark(kinds, kAlone, alone);
  codes_.assign(kCodePoints, kCharDrop);
  std::map<std::string, std::uint16_t> numbers[2];  // a letter's, and a word's of its own
  std::size_t next_mapping = 0;
  for (std::uint32_t c = 0; c < kCodePoints; ++c) {
    std::array<std::uint32_t, 3> to{c, 0, 0};
    if (next_mapping < std::size(kMapped) && kMapped[next_mapping].from == c) {
      if (letters == LetterCase::lower) to = kMapped[next_mapping].to;
      ++next_mapping;
    }
    if (c >= 0xD800 && c < 0xE000) continue;
    if (kinds[c] == dropped) continue;
    if (kinds[c] == space) {
      codes_[c] = kCharSpace;
      continue;
    }
    if (c >= kHangulBegin && c < kHangulEnd && letters == LetterCase::lower) {
      codes_[c] = kCharHangul;
      continue;
    }
    const bool by_itself = kinds[c] == alone;
    std::string text;
    std::uint8_t chars = 0;
    bool all_known = true;
    for (const std::uint32_t t : to) {
      if (t == 0 && chars > 0) break;
      all_known = all_known && known[t];
      append_utf8(text, static_cast<char32_t>(t));
      ++chars;
    }
    CharRecord record{};
    const std::size_t room = std::size_t{0xFFFF} - kCharFirstRecord;
    if (!all_known || text.size() > record.text.size() || records_.size() >= room) {
      codes_[c] = by_itself ? kCharUnknownAlone : kCharUnknownLetter;
      continue;
    }
    auto& seen = numbers[by_itself ? 1 : 0];
    const auto [at, fresh] = seen.try_emplace(text, static_cast<std::uint16_t>(kCharFirstRecord + records_.size()));
    if (fresh) {
      record.bytes = static_cast<std::uint8_t>(text.size());
      record.chars = chars;
      record.alone = by_itself ? 1 : 0;
      std::ranges::copy(text, record.text.begin());
      records_.push_back(record);
    }
    codes_[c] = at->second;
  }
}

}  // namespace hearth::embed
