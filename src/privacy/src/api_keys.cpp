// Keys whose beginning says whose they are, as their issuers document it, and JSON Web Tokens.
#include "src/characters.h"
#include "src/number_run.h"
#include "src/secrets.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <vector>

namespace hearth::privacy {

namespace {

struct Prefix {
  std::string_view text;
  std::size_t mark;      // which of its characters is the one that is noticed
  std::size_t shortest;  // of what comes behind it
  std::string_view what;
};

constexpr Prefix kPrefixes[] = {{"sk-ant-", 2, 24, "anthropic"},
                                {"sk-proj-", 2, 24, "openai"},
                                {"sk-or-", 2, 24, "openrouter"},
                                {"sk-", 2, 20, "openai"},
                                {"sk_live_", 2, 16, "stripe"},
                                {"sk_test_", 2, 16, "stripe"},
                                {"rk_live_", 2, 16, "stripe"},
                                {"rk_test_", 2, 16, "stripe"},
                                {"whsec_", 5, 16, "webhook"},
                                {"ghp_", 3, 30, "github"},
                                {"gho_", 3, 30, "github"},
                                {"ghu_", 3, 30, "github"},
                                {"ghs_", 3, 30, "github"},
                                {"ghr_", 3, 30, "github"},
                                {"github_pat_", 6, 22, "github"},
                                {"glpat-", 5, 16, "gitlab"},
                                {"gldt-", 4, 16, "gitlab"},
                                {"glrt-", 4, 16, "gitlab"},
                                {"xoxb-", 4, 16, "slack"},
                                {"xoxp-", 4, 16, "slack"},
                                {"xoxa-", 4, 16, "slack"},
                                {"xoxr-", 4, 16, "slack"},
                                {"xoxs-", 4, 16, "slack"},
                                {"xapp-", 4, 16, "slack"},
                                {"hf_", 2, 30, "huggingface"},
                                {"npm_", 3, 30, "npm"},
                                {"pypi-", 4, 32, "pypi"},
                                {"dop_v1_", 3, 40, "digitalocean"},
                                {"dckr_pat_", 4, 20, "docker"},
                                {"shpat_", 5, 30, "shopify"},
                                {"shpss_", 5, 30, "shopify"},
                                {"shpca_", 5, 30, "shopify"},
                                {"gsk_", 3, 32, "groq"},
                                {"r8_", 2, 30, "replicate"},
                                {"xai-", 3, 40, "xai"},
                                {"nvapi-", 5, 40, "nvidia"},
                                {"pplx-", 4, 32, "perplexity"},
                                {"tvly-", 4, 20, "tavily"},
                                {"lin_api_", 3, 32, "linear"},
                                {"glsa_", 4, 30, "grafana"},
                                {"PMAK-", 4, 40, "postman"},
                                {"figd_", 4, 30, "figma"},
                                {"sntrys_", 6, 40, "sentry"},
                                {"GOCSPX-", 6, 24, "google"},
                                {"AGE-SECRET-KEY-1", 3, 50, "age"},
                                {"SG.", 2, 40, "sendgrid"},
                                {"hvs.", 3, 24, "vault"},
                                {"ya29.", 4, 40, "google"},
                                {"AKIA", 2, 16, "aws"},
                                {"ASIA", 2, 16, "aws"},
                                {"AIza", 1, 35, "google"},
                                {"LTAI", 3, 12, "aliyun"},
                                {"AKID", 2, 24, "tencent"}};

constexpr bool in_key(char c) noexcept {
  return is_alnum(c) || c == '-' || c == '_';
}

// A word made by a machine: many different characters in a stretch, digits and both cases among them.
bool looks_random(std::string_view rest) {
  constexpr std::size_t kDistinct = 7;
  constexpr std::size_t kStretch = 8;
  constexpr std::size_t kLong = 20;  // a stretch with both cases: random even without a digit
  constexpr std::size_t kAws = 16;   // upper case and digits only
  std::bitset<128> seen;
  std::size_t stretch = 0;
  std::size_t longest = 0;
  std::size_t digits = 0;
  bool upper = false;
  bool lower = false;
  for (const char c : rest) {
    seen.set(byte(c) & 0x7FU);
    if (is_digit(c)) ++digits;
    upper = upper || is_upper(c);
    lower = lower || is_lower(c);
    stretch = is_alnum(c) ? stretch + 1 : 0;
    longest = std::max(longest, stretch);
  }
  if (seen.count() < kDistinct || longest < kStretch) return false;
  if (upper && lower) return digits >= 2 || longest >= kLong;
  return digits >= 4 || (upper && rest.size() == kAws);
}

// The prefixes that are noticed by a character.
const std::vector<const Prefix*>& noticed_by(char mark) {
  static const auto table = [] {
    std::array<std::vector<const Prefix*>, 128> made;
    for (const Prefix& prefix : kPrefixes) made[byte(prefix.text[prefix.mark])].push_back(&prefix);
    return made;
  }();
  return table[byte(mark) & 0x7FU];
}

}  // namespace

std::optional<Hit> match_api_key(Source& source, std::size_t mark) {
  constexpr std::size_t kLook = 256;
  const std::string_view text = source.text;
  for (const Prefix* candidate : noticed_by(text[mark])) {
    const Prefix& prefix = *candidate;
    if (mark < prefix.mark || text[mark - 1] != prefix.text[prefix.mark - 1]) continue;
    const std::size_t begin = mark - prefix.mark;
    if (begin < source.taken || !text.substr(begin).starts_with(prefix.text)) continue;
    const char last = before(text, begin);
    if (is_alnum(last) || last == '_') continue;
    const bool points = prefix.text.ends_with('.');
    const auto belongs = [&](char c) { return in_key(c) || (points && c == '.'); };
    const std::size_t rest = begin + prefix.text.size();
    std::size_t end = rest;
    while (end < text.size() && end < rest + kLook && belongs(text[end])) ++end;
    source.work += end - begin;
    if (end - rest < prefix.shortest || !looks_random(text.substr(rest, end - rest))) continue;
    while (end < text.size() && belongs(text[end])) ++end;
    while (before(text, end) == '.') --end;
    return Hit{begin, end, Kind::api_key, Evidence::shape, prefix.what};
  }
  return std::nullopt;
}

std::optional<Hit> match_jwt(Source& source, std::size_t point) {
  const std::string_view text = source.text;
  if (!text.substr(point + 1).starts_with("eyJ")) return std::nullopt;
  std::size_t begin = point;
  while (begin > source.taken && in_key(text[begin - 1])) --begin;
  source.work += point - begin;
  if (!text.substr(begin).starts_with("eyJ") || point - begin < 10) return std::nullopt;
  std::size_t end = point + 1;
  while (end < text.size() && in_key(text[end])) ++end;
  if (at(text, end) != '.') return std::nullopt;
  ++end;
  while (end < text.size() && in_key(text[end])) ++end;
  source.work += end - point;
  return Hit{begin, end, Kind::api_key, Evidence::shape, "jwt"};
}

}  // namespace hearth::privacy
