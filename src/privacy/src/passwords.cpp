// Credentials that nothing in themselves gives away: what they are called does.
#include "src/characters.h"
#include "src/number_run.h"
#include "src/secret_name.h"
#include "src/secrets.h"

#include <algorithm>
#include <array>
#include <bitset>

namespace hearth::privacy {

namespace {

constexpr std::size_t kMaxName = 40;
constexpr std::size_t kMaxValue = 512;
constexpr unsigned kThreeByteLead = 0xE3;  // Han characters and their punctuation: no blank need stand before them

bool equals(std::string_view text, std::string_view word) {
  return text.size() == word.size() && begins_with(text, word);
}

// "<your password>", "${PASSWORD}", "********", "null": stands for a secret and is none. Placeholders of a redaction
// are of this kind, too.
bool is_stand_in(std::string_view value) {
  constexpr std::array<std::string_view, 27> kWords{
      "null",  "none",   "nil",      "true",     "false",    "undefined", "string",   "required", "optional",
      "empty", "hidden", "redacted", "password", "passwort", "secret",    "token",    "text",     "input",
      "value", "admin",  "default",  "unknown",  "changeme", "missing",   "disabled", "enabled",  "invalid"};
  constexpr std::array<std::string_view, 7> kBeginnings{"your",        "my_", "enter",      "example",
                                                        "placeholder", "xxx", "process.env"};
  if (value.empty() || std::string_view("<[{$%*").contains(value.front())) return true;
  if (std::ranges::any_of(kWords, [&](std::string_view word) { return equals(value, word); })) return true;
  if (std::ranges::any_of(kBeginnings, [&](std::string_view word) { return begins_with(value, word); })) return true;
  return std::ranges::all_of(value, [&](char c) { return c == value.front(); });
}

struct Make {
  bool digits = false;
  bool lower = false;
  bool upper = false;
  bool signs = false;  // other than those that words and paths have
  bool blanks = false;
  bool code = false;  // brackets: a call, an index
  std::size_t distinct = 0;
};

Make make_of(std::string_view value) {
  Make make;
  std::bitset<256> seen;
  for (const char c : value) {
    seen.set(byte(c));
    make.digits = make.digits || is_digit(c);
    make.lower = make.lower || is_lower(c);
    make.upper = make.upper || is_upper(c);
    make.blanks = make.blanks || is_blank(c);
    make.code = make.code || c == '(' || c == ')' || c == '[' || c == '{' || c == '}';
    make.signs = make.signs || std::string_view("!@#$%^&*+?~|").contains(c);
  }
  make.distinct = seen.count();
  return make;
}

bool is_password(std::string_view value, bool quoted) {
  constexpr std::size_t kShortestQuoted = 4;
  constexpr std::size_t kShortest = 6;
  if (value.size() < (quoted ? kShortestQuoted : kShortest) || is_stand_in(value)) return false;
  const Make make = make_of(value);
  if (make.blanks || make.distinct < 3) return false;
  if (quoted) return true;
  if (make.code || value.contains("::") || value.contains("->")) return false;
  const bool letters = make.lower || make.upper;
  return (letters && (make.digits || make.signs)) || (make.digits && make.signs);
}

bool is_key(std::string_view value) {
  constexpr std::size_t kShortest = 16;
  constexpr std::size_t kDistinct = 9;
  if (value.size() < kShortest || is_stand_in(value)) return false;
  const bool plain =
      std::ranges::all_of(value, [](char c) { return is_alnum(c) || std::string_view("+/=_-.~").contains(c); });
  const Make make = make_of(value);
  return plain && make.digits && (make.lower || make.upper) && make.distinct >= kDistinct;
}

std::optional<Hit> judge(SecretName name, std::size_t begin, std::string_view value, bool quoted) {
  if (name == SecretName::password && is_password(value, quoted))
    return Hit{begin, begin + value.size(), Kind::password, Evidence::context, "password"};
  if (name == SecretName::key) {
    for (const std::string_view scheme : {"bearer ", "basic ", "token ", "apikey "}) {
      if (!begins_with(value, scheme)) continue;
      const std::string_view rest = value.substr(scheme.size());
      const bool basic = scheme == "basic " && rest.size() >= 8 && !is_stand_in(rest) && !make_of(rest).blanks;
      if (basic || is_key(rest))
        return Hit{begin + scheme.size(), begin + value.size(), Kind::api_key, Evidence::context, "authorization"};
      return std::nullopt;
    }
    if (is_key(value)) return Hit{begin, begin + value.size(), Kind::api_key, Evidence::context, "key"};
  }
  return std::nullopt;
}

constexpr ByteSet kEndsValue(" \t\n\r\"'`,;)]}<>&|\\");
constexpr ByteSet kQuotes("\"'`");
constexpr ByteSet kBeforeWord(" \t\n\r\"'`:=");
constexpr ByteSet kNameSigns("_-. ");
constexpr ByteSet kBetween(" \"'`]:\\");
constexpr ByteSet kPoints(".,;:?");

// The end of a word that a sentence may go on behind.
std::size_t without_full_stop(std::string_view text, std::size_t begin, std::size_t end) {
  while (end > begin && kPoints.contains(text[end - 1])) --end;
  return end;
}

}  // namespace

std::optional<Hit> match_assignment(Source& source, std::size_t sign, std::size_t value) {
  const std::string_view text = source.text;
  std::size_t name_end = sign;
  while (name_end > source.taken && sign - name_end < 3 && kBetween.contains(text[name_end - 1])) --name_end;
  const std::size_t name_begin = name_end - std::min(name_end - std::min(name_end, source.taken), kMaxName);
  std::size_t begin = name_end;
  while (begin > name_begin &&
         (is_alnum(text[begin - 1]) || byte(text[begin - 1]) >= 0x80 || kNameSigns.contains(text[begin - 1])))
    --begin;
  source.work += sign - begin;
  const SecretName name = secret_name(text.substr(begin, name_end - begin));
  if (name == SecretName::none) return std::nullopt;

  const std::size_t blanks = value;
  while (value - blanks < 3 &&
         (at(text, value) == ' ' || at(text, value) == '\t' || at(text, value) == '=' || at(text, value) == '>'))
    ++value;
  if (at(text, value) == '\\' && at(text, value + 1) == '"') ++value;
  const char quote = at(text, value);
  const bool quoted = quote == '"' || quote == '\'' || quote == '`';
  if (quoted) ++value;
  const std::size_t limit = std::min(text.size(), value + kMaxValue);
  std::size_t end = value;
  if (quoted) {
    while (end < limit && text[end] != quote && text[end] != '\n') ++end;
    if (before(text, end) == '\\') --end;
  } else {
    // "Bearer …" has a blank of its own.
    for (const std::string_view scheme : {"bearer ", "basic ", "token "})
      if (begins_with(text.substr(value), scheme)) end = value + scheme.size();
    while (end < limit && !kEndsValue.contains(text[end]) && byte(text[end]) < kThreeByteLead) ++end;
    end = without_full_stop(text, value, end);
  }
  source.work += end - value;
  if (value >= end || value < source.taken) return std::nullopt;
  return judge(name, value, text.substr(value, end - value), quoted);
}

std::optional<Hit> match_secret_field(Source& source) {
  if (source.key.empty() || source.text.size() > kMaxValue) return std::nullopt;
  const SecretName name = secret_name(source.key);
  if (name == SecretName::none) return std::nullopt;
  return judge(name, 0, source.text, true);
}

std::optional<Hit> match_spoken_password(Source& source, std::size_t digit) {
  constexpr std::size_t kMaxWord = 40;
  constexpr std::size_t kShortest = 6;
  const std::string_view text = source.text;
  std::size_t begin = digit;
  while (begin > source.taken && digit - begin < kMaxWord && byte(text[begin - 1]) < 0x80 &&
         !kBeforeWord.contains(text[begin - 1]))
    --begin;
  source.work += digit - begin;
  // What links a password to the word for it.
  std::size_t link = begin;
  while (link > 0 && std::string_view(" \"'`:").contains(text[link - 1]) && begin - link < 3) --link;
  constexpr std::array<std::string_view, 12> kLinks{" is", " ist",  " lautet", " est", " es", " è",
                                                    " é",  " jest", "是",      "为",   "為",  " to"};
  const std::string_view head = text.substr(0, link);
  const auto* found = std::ranges::find_if(kLinks, [&](std::string_view word) { return head.ends_with(word); });
  if (found == kLinks.end()) return std::nullopt;
  const std::size_t name_end = link - found->size();
  const std::size_t name_begin = name_end - std::min(name_end, kMaxName);
  if (secret_name(text.substr(name_begin, name_end - name_begin)) != SecretName::password) return std::nullopt;
  std::size_t end = begin;
  while (end < text.size() && end < begin + kMaxValue && !is_blank(text[end]) && byte(text[end]) < 0x80 &&
         !kQuotes.contains(text[end]))
    ++end;
  end = without_full_stop(text, begin, end);
  source.work += end - begin;
  const std::string_view word = text.substr(begin, end - begin);
  if (word.size() < kShortest || !is_password(word, false)) return std::nullopt;
  return Hit{begin, end, Kind::password, Evidence::context, "password"};
}

std::optional<Hit> match_url_credentials(Source& source, std::size_t sign) {
  constexpr std::size_t kMaxCredentials = 256;
  const std::string_view text = source.text;
  std::size_t begin = sign;
  std::size_t colon = std::string_view::npos;
  while (begin > source.taken && sign - begin < kMaxCredentials) {
    const char c = text[begin - 1];
    if (is_blank(c) || c == '@' || c == '/' || c == '"' || c == '\'' || c == '<' || c == '>') break;
    --begin;
    if (c == ':') colon = begin;
  }
  source.work += sign - begin;
  if (colon == std::string_view::npos || colon + 1 >= sign || begin < 3 || text.substr(begin - 3, 3) != "://")
    return std::nullopt;
  if (is_stand_in(text.substr(colon + 1, sign - colon - 1))) return std::nullopt;
  if (!is_alnum(at(text, sign + 1)) && at(text, sign + 1) != '[') return std::nullopt;
  return Hit{begin, sign, Kind::password, Evidence::shape, "url"};
}

}  // namespace hearth::privacy
