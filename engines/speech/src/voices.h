// The voices: espeak-ng's languages, its variants of the speaker, and OpenAI's names, each bound to one of them.
//
// Immutable after it is built; any thread.
#pragma once

#include <hearth/core/error.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::speech {

enum class Gender { unknown, male, female };
std::string_view to_string(Gender gender);

// One of espeak-ng's languages.
struct Language {
  std::string id;                 // "en-us", "cmn"
  std::string name;               // "English (America)"
  std::string file;               // "gmw/en-US", under espeak-ng-data/lang
  std::vector<std::string> also;  // further codes it answers to: "zh", "zh-cmn"
  Gender gender = Gender::male;
};

// A way to speak, whatever the language.
struct Speaker {
  std::string name;      // OpenAI's, or empty
  std::string variant;   // "f2"; empty: the language's own
  int pitch = 50;        // 0 to 99; espeak-ng's normal is 50
  int range = 50;        // how much the pitch moves
  std::string language;  // the language it speaks when nothing else is asked for
  Gender gender = Gender::unknown;
  bool bound = false;  // was the language named by the caller, as "de" or "fr+f2" do?
};

struct ListedVoice {
  std::string id;
  std::string name;
  std::string language;
  Gender gender;
};

class Voices {
 public:
  // `variants`: the names that may follow "+" ("f2", "croak").
  Voices(std::vector<Language> languages, std::vector<std::string> variants);

  // OpenAI's names first, then the languages.
  [[nodiscard]] std::vector<ListedVoice> list() const;
  // "alloy", "en-us", "de+f3", "English (America)"; empty is "alloy". not_found, with a sentence that names some.
  [[nodiscard]] Result<Speaker> speaker(std::string_view name) const;
  // "zh", "zh-CN", "en_GB", "pt-BR", "cmn": the nearest language; not_found, with a sentence that names some.
  [[nodiscard]] Result<std::string> language(std::string_view code) const;
  // The file name that espeak-ng loads for this speaker in this language: "gmw/en-US+f2".
  [[nodiscard]] std::string file(const Speaker& speaker, std::string_view language) const;

 private:
  [[nodiscard]] const Language* find(std::string_view code) const;
  std::vector<Language> languages_;
  std::vector<std::string> variants_;
};

}  // namespace hearth::speech
