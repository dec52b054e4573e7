// Which languages are asked for, and which are there. Names are Tesseract's: eng, chi_sim, deu.
#pragma once

#include <hearth/core/error.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::ocr {

inline constexpr std::size_t kMostLanguages = 6;

// "eng+chi_sim", "eng,deu", "en": names in order, without repetitions; ISO 639-1 codes become Tesseract's names.
// invalid_argument for anything that is no language's name, or more than kMostLanguages.
Result<std::vector<std::string>> parse_languages(std::string_view text);

// Where the models lie: TESSDATA_PREFIX, else `data` when it has some, else Debian's folder.
std::filesystem::path find_tessdata(const std::filesystem::path& data);
// The languages whose model is in the folder, sorted; osd and equ are none.
std::vector<std::string> installed_languages(const std::filesystem::path& tessdata);
bool is_installed(const std::filesystem::path& tessdata, std::string_view language);

// Debian's package for a language: "tesseract-ocr-chi-sim".
std::string package_of(std::string_view language);

std::string joined_names(const std::vector<std::string>& languages);

}  // namespace hearth::ocr
