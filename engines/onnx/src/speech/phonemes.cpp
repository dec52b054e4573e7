#include "phonemes.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace hearth::onnx {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostPhonemes = 10'000;
constexpr std::size_t kMostIds = 16;
constexpr int kMostSpeakers = 10'000;
constexpr std::int64_t kLargestId = 1'000'000;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Errc::invalid_argument, fmt::format("the voice's configuration cannot be used: {}", what));
}

// The letters of IPA that Unicode takes apart, and the marks they end with.
struct Decomposition {
  char32_t from;
  char32_t base;
  char32_t mark;
};
constexpr std::array<Decomposition, 22> kDecompositions{{
    {U'\u00E3', U'a', U'\u0303'}, {U'\u00E5', U'a', U'\u030A'}, {U'\u00E4', U'a', U'\u0308'},
    {U'\u00E1', U'a', U'\u0301'}, {U'\u00E0', U'a', U'\u0300'}, {U'\u00E7', U'c', U'\u0327'},
    {U'\u00E9', U'e', U'\u0301'}, {U'\u00E8', U'e', U'\u0300'}, {U'\u00EA', U'e', U'\u0302'},
    {U'\u00EB', U'e', U'\u0308'}, {U'\u1EBD', U'e', U'\u0303'}, {U'\u00ED', U'i', U'\u0301'},
    {U'\u00EF', U'i', U'\u0308'}, {U'\u0129', U'i', U'\u0303'}, {U'\u00F1', U'n', U'\u0303'},
    {U'\u00F3', U'o', U'\u0301'}, {U'\u00F5', U'o', U'\u0303'}, {U'\u00F6', U'o', U'\u0308'},
    {U'\u00FA', U'u', U'\u0301'}, {U'\u0169', U'u', U'\u0303'}, {U'\u00FC', U'u', U'\u0308'},
    {U'\u00FD', U'y', U'\u0301'},
}};

char32_t first_code_point(std::string_view text, std::size_t length) {
  const auto at = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  if (length == 1) return at(0);
  char32_t c = at(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = c << 6U | (at(i) & 0x3FU);
  return c;
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    if (length > 0) out += first_code_point(text, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

Result<std::vector<std::int64_t>> read_ids(const json::value& value) {
  std::vector<std::int64_t> ids;
  const auto add = [&](const json::value& one) {
    const std::int64_t* id = one.if_int64();
    if (id == nullptr || *id < 0 || *id > kLargestId || ids.size() == kMostIds) return false;
    ids.push_back(*id);
    return true;
  };
  if (value.is_array()) {
    for (const json::value& one : value.get_array())
      if (!add(one)) return wrong("a phoneme has ids that are none");
  } else if (!add(value)) {
    return wrong("a phoneme has an id that is none");
  }
  return ids;
}

Result<PhonemeIds> read_map(const json::object& object) {
  if (object.empty() || object.size() > kMostPhonemes) return wrong("its map of phonemes is empty or too large");
  PhonemeIds ids;
  for (const auto& [key, value] : object) {
    // What is made of several characters cannot be looked up one by one; voices' own programs leave it out, too.
    const std::u32string name = code_points(key);
    if (name.size() != 1) continue;
    HEARTH_TRY_ASSIGN(ids[name.front()], read_ids(value));
  }
  return ids;
}

Result<json::object> read_object(std::string_view text) {
  boost::system::error_code ec;
  json::value value = json::parse(text, ec);
  if (ec || !value.is_object()) return wrong("it is no JSON object");
  return std::move(value.get_object());
}

const json::object* inner(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

// A number of `object` within bounds; the fallback when it is absent.
Result<double> bounded(const json::object* object, std::string_view key, double fallback, double low, double high) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  if (value == nullptr || value->is_null()) return fallback;
  boost::system::error_code ec;
  const double number = value->is_number() ? value->to_number<double>(ec) : -1e300;
  if (ec || !(number >= low && number <= high))
    return wrong(fmt::format("{} must be a number from {} to {}", key, low, high));
  return number;
}

void append(std::vector<std::int64_t>& out, const PhonemeIds& ids, char32_t phoneme) {
  const auto at = ids.find(phoneme);
  if (at != ids.end()) out.insert(out.end(), at->second.begin(), at->second.end());
}

}  // namespace

Result<PiperConfig> parse_piper_config(std::string_view text) {
  HEARTH_TRY_ASSIGN(const json::object object, read_object(text));
  PiperConfig config;
  HEARTH_TRY_ASSIGN(const double rate,
                    bounded(inner(object, "audio"), "sample_rate", config.sample_rate, 8000, 48'000));
  config.sample_rate = static_cast<int>(rate);
  const json::object* inference = inner(object, "inference");
  HEARTH_TRY_ASSIGN(const double noise, bounded(inference, "noise_scale", 0.667, 0, 10));
  HEARTH_TRY_ASSIGN(const double length, bounded(inference, "length_scale", 1, 0.1, 10));
  HEARTH_TRY_ASSIGN(const double noise_w, bounded(inference, "noise_w", 0.8, 0, 10));
  config.noise = static_cast<float>(noise);
  config.length = static_cast<float>(length);
  config.noise_w = static_cast<float>(noise_w);
  HEARTH_TRY_ASSIGN(const double speakers, bounded(&object, "num_speakers", 1, 0, kMostSpeakers));
  config.speakers = std::max(static_cast<int>(speakers), 1);
  if (const json::object* espeak = inner(object, "espeak"))
    if (const json::value* voice = espeak->if_contains("voice"); voice != nullptr && voice->is_string())
      config.language = std::string(voice->get_string());
  if (const json::object* names = inner(object, "speaker_id_map"))
    for (const auto& [name, id] : *names) {
      HEARTH_TRY_ASSIGN(const double number, bounded(names, name, 0, 0, config.speakers - 1));
      config.speaker_ids.emplace(name, static_cast<int>(number));
    }
  const json::object* map = inner(object, "phoneme_id_map");
  if (map == nullptr) return wrong("it has no phoneme_id_map");
  HEARTH_TRY_ASSIGN(config.ids, read_map(*map));
  for (const char32_t needed : {U'^', U'$', U'_'})
    if (!config.ids.contains(needed)) return wrong("its phoneme_id_map lacks ^, $ or _, which begin, end and pad");
  return config;
}

std::vector<std::int64_t> piper_ids(std::u32string_view phonemes, const PhonemeIds& ids) {
  std::vector<std::int64_t> out;
  append(out, ids, U'^');
  append(out, ids, U'_');
  for (const char32_t p : phonemes) {
    const std::size_t before = out.size();
    if (p != U'^' && p != U'$' && p != U'_') append(out, ids, p);
    if (out.size() > before) append(out, ids, U'_');
  }
  append(out, ids, U'$');
  return out;
}

Result<PhonemeIds> parse_kokoro_vocabulary(std::string_view text) {
  HEARTH_TRY_ASSIGN(const json::object object, read_object(text));
  const json::object* vocabulary = inner(object, "vocab");
  const json::object* model = inner(object, "model");
  if (vocabulary == nullptr && model != nullptr) vocabulary = inner(*model, "vocab");  // a tokenizer.json
  return read_map(vocabulary == nullptr ? object : *vocabulary);
}

std::vector<std::int64_t> kokoro_ids(std::u32string_view phonemes, const PhonemeIds& ids) {
  std::vector<std::int64_t> out{0};
  for (const char32_t p : phonemes) append(out, ids, p);
  out.resize(std::min(out.size(), kKokoroMost + 1));
  out.push_back(0);
  return out;
}

std::u32string decomposed(std::string_view text) {
  std::u32string out;
  for (const char32_t c : code_points(text)) {
    const auto* const at = std::ranges::find(kDecompositions, c, &Decomposition::from);
    if (at == kDecompositions.end()) {
      out += c;
    } else {
      out += at->base;
      out += at->mark;
    }
  }
  return out;
}

std::vector<std::u32string> spoken_pieces(std::u32string_view phonemes, std::size_t most) {
  constexpr std::u32string_view kSentenceEnds = U".?!\u3002\uFF1F\uFF01";
  constexpr std::u32string_view kPauses = U",;:\u2026\u2014\uFF0C\uFF1B\u3001";
  constexpr std::u32string_view kBlank = U" \n\t";
  std::vector<std::u32string> pieces;
  const auto add = [&](std::u32string_view piece) {
    const std::size_t first = piece.find_first_not_of(kBlank);
    if (first != std::u32string_view::npos)
      pieces.emplace_back(piece.substr(first, piece.find_last_not_of(kBlank) - first + 1));
  };
  while (!phonemes.empty()) {
    const std::u32string_view window = phonemes.substr(0, most);
    // A sentence ends with its last mark ("?!", "...").
    std::size_t end = window.find_first_of(kSentenceEnds);
    while (end != std::u32string_view::npos && end + 1 < window.size() && kSentenceEnds.contains(window[end + 1]))
      ++end;
    if (end == std::u32string_view::npos && window.size() < phonemes.size()) {
      end = window.find_last_of(kPauses);
      if (end == std::u32string_view::npos) end = window.find_last_of(kBlank);
    }
    const std::size_t length = end == std::u32string_view::npos ? window.size() : end + 1;
    add(phonemes.substr(0, length));
    phonemes.remove_prefix(length);
  }
  return pieces;
}

}  // namespace hearth::onnx
