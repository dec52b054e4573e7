#include "script.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::speech {
namespace {

constexpr std::array<std::pair<Script, std::string_view>, 14> kLanguageOfScript{{{Script::han, "cmn"},
                                                                                 {Script::kana, "ja"},
                                                                                 {Script::hangul, "ko"},
                                                                                 {Script::cyrillic, "ru"},
                                                                                 {Script::greek, "el"},
                                                                                 {Script::arabic, "ar"},
                                                                                 {Script::hebrew, "he"},
                                                                                 {Script::thai, "th"},
                                                                                 {Script::devanagari, "hi"},
                                                                                 {Script::bengali, "bn"},
                                                                                 {Script::tamil, "ta"},
                                                                                 {Script::telugu, "te"},
                                                                                 {Script::armenian, "hy"},
                                                                                 {Script::georgian, "ka"}}};

constexpr std::array<std::pair<std::string_view, Script>, 30> kScriptOfLanguage{
    {{"yue", Script::han},       {"hak", Script::han},        {"uk", Script::cyrillic}, {"be", Script::cyrillic},
     {"bg", Script::cyrillic},   {"mk", Script::cyrillic},    {"sr", Script::cyrillic}, {"kk", Script::cyrillic},
     {"ky", Script::cyrillic},   {"tt", Script::cyrillic},    {"ba", Script::cyrillic}, {"cv", Script::cyrillic},
     {"nog", Script::cyrillic},  {"ru-lv", Script::cyrillic}, {"grc", Script::greek},   {"fa", Script::arabic},
     {"ur", Script::arabic},     {"ug", Script::arabic},      {"sd", Script::arabic},   {"mr", Script::devanagari},
     {"ne", Script::devanagari}, {"kok", Script::devanagari}, {"as", Script::bengali},  {"bpy", Script::bengali},
     {"hyw", Script::armenian},  {"am", Script::other},       {"gu", Script::other},    {"kn", Script::other},
     {"ml", Script::other},      {"my", Script::other}}};

}  // namespace

std::vector<Run> runs_by_script(std::string_view text) {
  std::vector<Run> runs;
  Script current = Script::common;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const Script script = script_of(c.value);
    if (script != Script::common && script != current) {
      if (current != Script::common) {
        runs.push_back({current, text.substr(start, at - start)});
        start = at;
      }
      current = script;
    }
    at += c.length;
  }
  if (start < text.size()) runs.push_back({current, text.substr(start)});
  return runs;
}

Script main_script(std::string_view text) {
  constexpr std::size_t kScripts = static_cast<std::size_t>(Script::other) + 1;
  std::array<std::size_t, kScripts> weight{};
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const Script script = script_of(c.value);
    weight[static_cast<std::size_t>(script)] += script == Script::han || script == Script::kana ? 3 : 1;
    at += c.length;
  }
  weight[static_cast<std::size_t>(Script::common)] = 0;
  // Japanese is written in both: where there is kana to speak of, the Han characters are kanji.
  std::size_t& kana = weight[static_cast<std::size_t>(Script::kana)];
  const std::size_t han = weight[static_cast<std::size_t>(Script::han)];
  if (kana * 8 > han) kana += han;
  const auto* const most = std::ranges::max_element(weight);
  return *most == 0 ? Script::common : static_cast<Script>(most - weight.begin());
}

bool is_speakable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (is_word(c.value)) return true;
    at += c.length;
  }
  return false;
}

std::string_view language_of(Script script) {
  for (const auto& [known, language] : kLanguageOfScript)
    if (known == script) return language;
  return {};
}

Script script_of_language(std::string_view language) {
  for (const auto& [script, known] : kLanguageOfScript)
    if (known == language) return script;
  for (const auto& [known, script] : kScriptOfLanguage)
    if (known == language) return script;
  return Script::latin;
}

}  // namespace hearth::speech
