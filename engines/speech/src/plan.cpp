#include "plan.h"

#include "text/normalise.h"
#include "text/script.h"

namespace hearth::speech {
namespace {

constexpr std::size_t kMaxWord = 120;  // bytes; espeak-ng cuts longer ones itself, and not always well

bool is_english(std::string_view language) {
  return language.starts_with("en");
}
bool is_chinese(std::string_view language) {
  return language == "cmn" || language == "yue";
}

std::string choose_language(const Speaker& speaker, std::string_view asked, Script script) {
  if (!asked.empty()) return std::string(asked);
  if (speaker.bound) return speaker.language;
  const std::string_view by_script = language_of(script);
  return by_script.empty() ? speaker.language : std::string(by_script);
}

// The language for a run: the main one if it is written so, else the script's.
std::string_view language_for(const Run& run, std::string_view main, std::string_view latin) {
  if (run.script == Script::common) return main;
  if (run.script == Script::latin) return latin;
  if (script_of_language(main) == run.script) return main;
  if (main == "ja" && run.script == Script::han) return main;
  if (main == "sr" || main == "bs") return main;  // written both ways
  const std::string_view by_script = language_of(run.script);
  return by_script.empty() ? main : by_script;
}

std::string with_bounded_words(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t word = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    word = is_blank(c.value) || script_of(c.value) == Script::han ? 0 : word + c.length;
    if (word > kMaxWord) {
      out += ' ';
      word = c.length;
    }
    out.append(text.substr(at, c.length));
    at += c.length;
  }
  return out;
}

}  // namespace

Result<Plan> plan_speech(const Voices& voices, const Speaker& speaker, std::string_view language,
                         std::string_view text) {
  Plan plan;
  plan.language = choose_language(speaker, language, main_script(text));
  const bool main_is_latin = script_of_language(plan.language) == Script::latin;
  const std::string latin = main_is_latin                  ? plan.language
                            : is_english(speaker.language) ? speaker.language
                                                           : std::string("en-us");
  NormaliseFor rules;
  rules.latin = is_english(latin) ? Rules::english : Rules::none;
  rules.han = plan.language == "ja" ? Rules::none : Rules::chinese;
  rules.start = is_chinese(plan.language) ? Rules::chinese : is_english(plan.language) ? Rules::english : Rules::none;

  const std::string words = normalise(text, rules);
  if (!is_speakable(words))
    return fail(Errc::invalid_argument, "there is nothing to say: the input has neither a letter nor a digit");
  for (const Run& run : runs_by_script(words)) {
    std::string file = voices.file(speaker, language_for(run, plan.language, latin));
    if (!plan.pieces.empty() && plan.pieces.back().voice_file == file) {
      plan.pieces.back().text += run.text;
    } else {
      plan.pieces.push_back({std::move(file), std::string(run.text)});
    }
  }
  for (Piece& piece : plan.pieces) piece.text = with_bounded_words(piece.text);
  return plan;
}

}  // namespace hearth::speech
