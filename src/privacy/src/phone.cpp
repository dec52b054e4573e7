// Telephone numbers: with '+' by the lengths of ITU-T E.164's country codes; at home by forms that nothing else has,
// and by any form where a telephone is spoken of.
#include "src/characters.h"
#include "src/numbers.h"

#include <algorithm>
#include <array>

namespace hearth::privacy {

namespace {

struct CallingCode {
  std::string_view code;
  std::size_t shortest;  // of the number behind it
  std::size_t longest;
};

// Countries whose numbers are of one length, or nearly so; for the others kOther holds.
constexpr CallingCode kCodes[] = {
    {"1", 10, 10},  {"7", 10, 10},  {"20", 8, 10},  {"27", 9, 9},   {"30", 10, 10}, {"31", 9, 9},   {"32", 8, 9},
    {"33", 9, 9},   {"34", 9, 9},   {"36", 8, 9},   {"39", 6, 11},  {"40", 9, 9},   {"41", 9, 9},   {"43", 7, 13},
    {"44", 9, 10},  {"45", 8, 8},   {"46", 7, 10},  {"47", 8, 8},   {"48", 9, 9},   {"49", 6, 12},  {"51", 8, 9},
    {"52", 10, 11}, {"54", 10, 11}, {"55", 10, 11}, {"56", 9, 9},   {"57", 10, 10}, {"60", 7, 10},  {"61", 9, 9},
    {"62", 8, 12},  {"63", 8, 10},  {"64", 8, 10},  {"65", 8, 8},   {"66", 8, 9},   {"81", 9, 10},  {"82", 8, 10},
    {"84", 9, 10},  {"86", 10, 11}, {"90", 10, 10}, {"91", 10, 10}, {"92", 9, 10},  {"98", 10, 10}, {"351", 9, 9},
    {"352", 6, 9},  {"353", 7, 9},  {"358", 6, 11}, {"380", 9, 9},  {"420", 9, 9},  {"421", 9, 9},  {"852", 8, 8},
    {"853", 8, 8},  {"886", 8, 9},  {"966", 8, 9},  {"971", 8, 9},  {"972", 8, 9}};
// Codes of three digits, by their first two.
constexpr std::string_view kThreeDigitCodes[] = {"21", "22", "23", "24", "25", "26", "29", "35", "37", "38", "42", "50",
                                                 "59", "67", "68", "69", "80", "85", "87", "88", "96", "97", "99"};
constexpr std::size_t kFewestBehind = 6;
constexpr std::size_t kE164Digits = 15;

// The code that a number without its '+' begins with; empty code: none.
CallingCode calling_code(std::string_view digits) {
  for (std::size_t length = 1; length <= 3 && length < digits.size(); ++length) {
    const auto* found = std::ranges::find(kCodes, digits.substr(0, length), &CallingCode::code);
    if (found != std::ranges::end(kCodes)) return *found;
  }
  if (digits.size() > 3 &&
      std::ranges::find(kThreeDigitCodes, digits.substr(0, 2)) != std::ranges::end(kThreeDigitCodes))
    return {digits.substr(0, 3), kFewestBehind, kE164Digits - 3};
  return {};
}

// North American: area and exchange begin with 2 to 9.
bool is_nanp(std::string_view ten) {
  return ten[0] >= '2' && ten[3] >= '2' && !(ten[1] == '1' && ten[2] == '1');
}

bool is_cn_mobile(std::string_view eleven) {
  return eleven[0] == '1' && eleven[1] >= '3';
}

bool in_brackets(std::string_view text, const Group& group) {
  return before(text, group.begin) == '(' && at(text, group.end) == ')';
}

bool is_year(std::string_view group) {
  return group.size() == 4 && (group.starts_with("19") || group.starts_with("20"));
}

// "2024-01-15 10", "15.01.2024 10", "1990-2000".
bool is_date_or_years(std::string_view text, const NumberRun& run, std::size_t first) {
  const auto group = [&](std::size_t i) {
    return first + i < run.count ? text.substr(run.groups[first + i].begin, run.groups[first + i].length())
                                 : std::string_view();
  };
  if (is_year(group(0))) return group(1).empty() || group(1).size() <= 2 || is_year(group(1));
  return group(0).size() <= 2 && group(1).size() <= 2 &&
         (is_year(group(2)) || (group(2).size() == 2 && group(3).empty() && group(0).size() == 2));
}

// "504.516.232", "192.168.100.200", "3.1415926": points between two groups, or short ones that are no number of
// anybody's.
bool is_version(std::string_view text, const NumberRun& run, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last; ++i)
    if (run.separator(text, i) != ".") return false;
  const std::size_t groups = last - first + 1;
  const bool trunk = text[run.groups[first].begin] == '0' && run.groups[first].length() > 1;
  if (groups == 1 || trunk) return false;
  return groups != 3 || run.groups[last].length() != 4;
}

// "3000-4000", "0000000000".
bool is_round(std::string_view text, const NumberRun& run, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i <= last; ++i)
    if (!text.substr(0, run.groups[i].end).ends_with("00")) return false;
  return true;
}

// "Tel.030" is a number, "a716-4466" a part of something.
bool may_begin_here(std::string_view text, const NumberRun& run) {
  return run.begins == Edge::clean || (run.begins == Edge::joined && before(text, run.groups[0].begin) == '.');
}

// One sign, or what stands around a bracket: "(030) 123", "+49 (0)30", "212 - 555".
bool joins(std::string_view separator) {
  return separator.size() == 1 || separator == ") " || separator == " (" || separator == " - " || separator == ")-";
}

// Is a character of a script without spaces next to it: "请打13812345678，"?
bool beside_han(std::string_view text, const Piece& piece) {
  const char next = at(text, piece.end);
  return byte(before(text, piece.begin)) >= 0x80 || (byte(next) >= 0xE3 && byte(next) <= 0xEF);
}

Hit hit(std::size_t begin, std::size_t end, Evidence evidence, std::string_view what) {
  return {begin, end, Kind::phone, evidence, what};
}

bool counts_up(std::string_view digits) {
  for (std::size_t i = 2; i + 1 < digits.size(); i += 2)
    if (digits[i + 1] - digits[i - 1] != 1) return false;
  return true;
}

std::string_view local_form(const Source& source, const NumberRun& run, std::size_t first, const Piece& piece) {
  const std::string_view text = source.text;
  const std::string_view digits = piece.digits();
  const std::string_view shape = piece.shape();
  const char separator = piece.separator;
  const bool brackets = in_brackets(text, run.groups[first]);
  if (digits.size() == 10) {
    if (shape == "334" && is_nanp(digits) && (brackets || separator == '-' || separator == '.')) return "us";
    if (shape == "22222" && (separator == ' ' || separator == '.') && digits[0] == '0' && digits[1] != '0' &&
        piece.stands_alone() && !counts_up(digits))
      return "fr";
    if (shape == "244" && brackets && digits[0] != '0') return "br";
    if (shape == "244" && separator == '-' && digits[0] == '0') return "jp";
    if (shape == "433" && separator == ' ' && digits.starts_with("04")) return "au";
  }
  if (digits.size() == 11) {
    if (shape == "1334" && digits[0] == '1' && is_nanp(digits.substr(1)) &&
        (separator == '-' || separator == '.' || in_brackets(text, run.groups[first + 1])))
      return "us";
    if (shape == "254" && brackets && digits[0] != '0' && digits[2] == '9') return "br";
    if (shape == "344" && separator != '\0' && separator != '.' && separator != '/') {
      if (is_cn_mobile(digits)) return "cn";
      if (separator == '-' && digits[0] == '0' && digits[2] == '0' && digits[1] >= '5') return "jp";
    }
    if (shape == "56" && separator == ' ' && digits.starts_with("07")) return "gb";
    if (shape == "B" && is_cn_mobile(digits) && beside_han(text, piece)) return "cn";
  }
  return {};
}

}  // namespace

std::optional<Hit> match_local_phone(Source& source, const NumberRun& run, std::size_t first, const Piece& piece) {
  if (piece.digit_count < 10 || piece.digit_count > 11 || !piece.stands_alone()) return std::nullopt;
  const std::string_view form = local_form(source, run, first, piece);
  if (form.empty()) return std::nullopt;
  const bool spoken_of = source.context.speaks_of(Topic::phone, piece.begin, piece.end);
  if (!spoken_of && source.context.speaks_of_another_number(piece.begin, piece.end)) return std::nullopt;
  const std::size_t begin = in_brackets(source.text, run.groups[first]) ? piece.begin - 1 : piece.begin;
  return hit(std::max(begin, source.taken), piece.end, spoken_of ? Evidence::context : Evidence::shape, form);
}

std::optional<Hit> match_international_phone(Source& source, const NumberRun& run, std::size_t first) {
  const std::string_view text = source.text;
  std::size_t begin = run.groups[first].begin;
  if (before(text, begin) == '(') --begin;
  if (before(text, begin) != '+') return std::nullopt;
  --begin;
  if (begin < source.taken || edge_before(text, begin) == Edge::glued) return std::nullopt;

  std::array<char, kE164Digits> bytes{};
  std::size_t count = 0;
  std::size_t end = 0;  // of the longest number so far that has a right length
  for (std::size_t i = first; i < run.count && i < first + NumberRun::kOverlap; ++i) {
    const Group& group = run.groups[i];
    if (end != 0 && run.separator(text, i - 1).contains('/')) break;  // another number
    // "+49 (0)30": the 0 is for those who call from within the country.
    if (i == first + 1 && group.length() == 1 && text[group.begin] == '0' && in_brackets(text, group)) continue;
    if (group.length() > kE164Digits - count) break;
    text.copy(bytes.data() + count, group.length(), group.begin);
    count += group.length();
    const CallingCode code = calling_code({bytes.data(), count});
    if (code.code.empty()) continue;
    const std::size_t behind = count - code.code.size();
    if (behind > code.longest) break;
    const bool last = i + 1 == run.count;
    if (behind < code.shortest || (last && run.ends == Edge::glued)) continue;
    if (code.code == "1" && !is_nanp({bytes.data() + 1, 10})) continue;
    // "+48.85661400" is a place on earth.
    if (i == first + 1 && run.separator(text, first) == ".") continue;
    end = group.end;
  }
  source.work += count;
  if (end == 0) return std::nullopt;
  const bool spoken_of = source.context.speaks_of(Topic::phone, begin, end);
  return hit(begin, end, spoken_of ? Evidence::context : Evidence::shape, "international");
}

std::optional<Hit> match_spoken_phone(Source& source, const NumberRun& run, std::size_t first) {
  constexpr std::size_t kFewest = 7;
  constexpr std::size_t kMost = 14;
  constexpr std::size_t kMostWithoutTrunk = 11;
  constexpr std::size_t kGroups = 6;
  const std::string_view text = source.text;
  const bool starts_here = first == 0 || !joins(run.separator(text, first - 1));
  if (!starts_here || (first == 0 && !may_begin_here(text, run))) return std::nullopt;
  std::size_t count = 0;
  std::size_t last = first;
  for (std::size_t i = first; i < run.count && i < first + kGroups; ++i) {
    if (i > first && !joins(run.separator(text, i - 1))) break;
    if (count + run.groups[i].length() > kMost) break;
    count += run.groups[i].length();
    last = i;
  }
  if (count < kFewest || is_date_or_years(text, run, first)) return std::nullopt;
  if (last + 1 == run.count && run.ends != Edge::clean) return std::nullopt;
  if (is_round(text, run, first, last)) return std::nullopt;
  // With a digit for trunks in front there may be more; a bare number of twelve digits is something else.
  const bool trunk = text[run.groups[first].begin] == '0' || in_brackets(text, run.groups[first]);
  if (!trunk && count > kMostWithoutTrunk) return std::nullopt;
  if (is_version(text, run, first, last)) return std::nullopt;
  const std::size_t begin = run.groups[first].begin;
  const std::size_t end = run.groups[last].end;
  if (!source.context.speaks_of(Topic::phone, begin, end)) return std::nullopt;
  const bool bracket = in_brackets(text, run.groups[first]) && begin > source.taken;
  return hit(bracket ? begin - 1 : begin, end, Evidence::context, "local");
}

}  // namespace hearth::privacy
