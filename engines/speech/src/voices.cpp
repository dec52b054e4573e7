#include "voices.h"

#include "text/chars.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::speech {
namespace {

struct Named {
  std::string_view name;
  std::string_view variant;
  int pitch;
  int range;
  std::string_view language;
  Gender gender;
};

// Chosen by measured pitch and by ear, so that no two sound alike; `ballad` and `fable` speak British English, as
// OpenAI's do. speech_engine_test measures that they differ.
constexpr std::array kNamed{
    Named{"alloy", "f5", 40, 50, "en-us", Gender::female}, Named{"ash", "m3", 45, 50, "en-us", Gender::male},
    Named{"ballad", "m7", 55, 65, "en-gb", Gender::male},  Named{"coral", "f2", 60, 65, "en-us", Gender::female},
    Named{"echo", "m1", 50, 50, "en-us", Gender::male},    Named{"fable", "m4", 60, 60, "en-gb", Gender::male},
    Named{"nova", "f3", 55, 60, "en-us", Gender::female},  Named{"onyx", "m7", 15, 40, "en-us", Gender::male},
    Named{"sage", "f4", 45, 45, "en-us", Gender::female},  Named{"shimmer", "f1", 70, 60, "en-us", Gender::female},
    Named{"verse", "m6", 55, 70, "en-us", Gender::male},   Named{"marin", "f2", 45, 50, "en-gb", Gender::female},
    Named{"cedar", "m5", 35, 50, "en-us", Gender::male},
};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == '_' ? '-' : lower(c);
  return out;
}

}  // namespace

std::string_view to_string(Gender gender) {
  switch (gender) {
    case Gender::male:
      return "male";
    case Gender::female:
      return "female";
    case Gender::unknown:
      break;
  }
  return "unknown";
}

Voices::Voices(std::vector<Language> languages, std::vector<std::string> variants)
    : languages_(std::move(languages)), variants_(std::move(variants)) {}

std::vector<ListedVoice> Voices::list() const {
  std::vector<ListedVoice> voices;
  for (const Named& n : kNamed) {
    std::string title(n.name);
    title[0] = static_cast<char>(title[0] - 32);
    voices.push_back({std::string(n.name), title, std::string(n.language), n.gender});
  }
  for (const Language& l : languages_) voices.push_back({l.id, l.name, l.id, l.gender});
  return voices;
}

const Language* Voices::find(std::string_view code) const {
  const std::string wanted = lowered(code);
  for (const Language& l : languages_)
    if (l.id == wanted) return &l;
  for (const Language& l : languages_)
    if (std::ranges::find(l.also, wanted) != l.also.end()) return &l;
  return nullptr;
}

Result<Speaker> Voices::speaker(std::string_view name) const {
  const std::string wanted = name.empty() ? "alloy" : lowered(name);
  for (const Named& n : kNamed)
    if (n.name == wanted)
      return Speaker{
          std::string(n.name), std::string(n.variant), n.pitch, n.range, std::string(n.language), n.gender, false};

  const std::size_t plus = wanted.find('+');
  const std::string_view base = std::string_view(wanted).substr(0, plus);
  const Language* language = find(base);
  if (language == nullptr) {
    const auto named = std::ranges::find_if(languages_, [&](const Language& l) { return lowered(l.name) == base; });
    if (named != languages_.end()) language = &*named;
  }
  std::string variant;
  bool variant_known = true;
  if (plus != std::string::npos) {
    const std::string_view asked = std::string_view(wanted).substr(plus + 1);
    const auto it = std::ranges::find_if(variants_, [&](const std::string& v) { return lowered(v) == asked; });
    variant_known = it != variants_.end();
    if (variant_known) variant = *it;
  }
  if (language == nullptr || !variant_known) {
    constexpr std::size_t kShown = 60;
    return fail(Errc::not_found,
                fmt::format("there is no voice '{}'; some that exist: alloy, echo, nova, onyx, en-us, en-gb+f2, cmn. "
                            "GET /v1/voices lists them all",
                            is_utf8(name.substr(0, kShown)) ? name.substr(0, kShown) : std::string_view("?")));
  }
  return Speaker{{}, variant, 50, 50, language->id, variant.empty() ? language->gender : Gender::unknown, true};
}

Result<std::string> Voices::language(std::string_view code) const {
  constexpr std::size_t kMaxCode = 35;  // RFC 5646 asks for no more
  std::string rest(code.substr(0, kMaxCode));
  while (!rest.empty()) {
    if (const Language* l = find(rest)) return l->id;
    const std::size_t dash = rest.find_last_of("-_");
    if (dash == std::string::npos) break;
    rest.resize(dash);
  }
  return fail(Errc::not_found,
              fmt::format("no voice speaks '{}'; give a language code such as en, de, fr or cmn, or leave it out",
                          is_utf8(code) ? code.substr(0, kMaxCode) : std::string_view("?")));
}

std::string Voices::file(const Speaker& speaker, std::string_view language) const {
  const Language* l = find(language);
  if (l == nullptr) l = find(speaker.language);
  if (l == nullptr) return {};
  return speaker.variant.empty() ? l->file : fmt::format("{}+{}", l->file, speaker.variant);
}

}  // namespace hearth::speech
