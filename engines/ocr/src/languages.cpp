#include "languages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace hearth::ocr {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDebianTessdata = "/usr/share/tesseract-ocr/5/tessdata";
constexpr std::string_view kSuffix = ".traineddata";
constexpr std::size_t kLongestName = 24;

struct Iso {
  std::string_view code;
  std::string_view name;
};

constexpr std::array<Iso, 27> kIso{{
    {"ar", "ara"},        {"cs", "ces"},        {"da", "dan"},        {"de", "deu"}, {"el", "ell"}, {"en", "eng"},
    {"es", "spa"},        {"fi", "fin"},        {"fr", "fra"},        {"hi", "hin"}, {"hu", "hun"}, {"it", "ita"},
    {"ja", "jpn"},        {"ko", "kor"},        {"nl", "nld"},        {"no", "nor"}, {"pl", "pol"}, {"pt", "por"},
    {"ro", "ron"},        {"ru", "rus"},        {"sv", "swe"},        {"tr", "tur"}, {"uk", "ukr"}, {"zh", "chi_sim"},
    {"zh-cn", "chi_sim"}, {"zh-tw", "chi_tra"}, {"zh-hk", "chi_tra"},
}};

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string to_name(std::string_view asked) {
  std::string lower(asked);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto* const iso = std::ranges::find(kIso, lower, &Iso::code);
  return iso != kIso.end() ? std::string(iso->name) : std::string(asked);
}

bool has_models(const fs::path& folder) {
  return !installed_languages(folder).empty();
}

}  // namespace

Result<std::vector<std::string>> parse_languages(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find_first_of("+, ", at), text.size());
    const std::string_view asked = text.substr(at, end - at);
    at = end + 1;
    if (!is_name(asked))
      return fail(Errc::invalid_argument, "languages must be names joined by '+', such as eng or eng+chi_sim");
    std::string name = to_name(asked);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    if (names.size() > kMostLanguages)
      return fail(Errc::invalid_argument, fmt::format("at most {} languages can be read at once", kMostLanguages));
  }
  return names;
}

fs::path find_tessdata(const fs::path& data) {
  if (const char* prefix = std::getenv("TESSDATA_PREFIX"); prefix != nullptr && *prefix != '\0') return prefix;
  if (!data.empty() && has_models(data)) return data;
  return kDebianTessdata;
}

std::vector<std::string> installed_languages(const fs::path& tessdata) {
  std::vector<std::string> names;
  std::error_code ec;
  for (fs::directory_iterator it(tessdata, ec), end; !ec && it != end; it.increment(ec)) {
    const std::string file = it->path().filename().string();
    if (!file.ends_with(kSuffix)) continue;
    std::string name = file.substr(0, file.size() - kSuffix.size());
    if (name != "osd" && name != "equ" && is_name(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

bool is_installed(const fs::path& tessdata, std::string_view language) {
  std::error_code ec;
  return language != "osd" && language != "equ" && is_name(language) &&
         fs::is_regular_file(tessdata / fmt::format("{}{}", language, kSuffix), ec);
}

std::string package_of(std::string_view language) {
  std::string package = fmt::format("tesseract-ocr-{}", language);
  std::ranges::replace(package, '_', '-');
  for (char& c : package)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return package;
}

std::string joined_names(const std::vector<std::string>& languages) {
  return fmt::format("{}", fmt::join(languages, "+"));
}

}  // namespace hearth::ocr
