#include "synthesizer.h"

#include "clauses.h"
#include "stretch.h"
#include "text/chars.h"

#include <espeak-ng/speak_lib.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>

namespace hearth::speech {
namespace {

namespace fs = std::filesystem;

constexpr int kBufferMs = 60;          // of sound a callback: small, so that the first one comes soon
constexpr double kNormalRate = 175;    // words a minute at speed 1
constexpr double kSlowestRate = 80;    // espeak-ng goes no slower; past its 450 it speeds up with libsonic itself
constexpr std::size_t kMaxPath = 140;  // espeak-ng keeps the path in 160 bytes

std::atomic<bool> g_exists{false};

// espeak-ng's callback has no argument of ours: what it works for is here while a synthesis runs.
struct Job {
  const Sink* sink;
  std::optional<Stretch> stretch;
  bool stopped = false;

  bool take(std::span<const std::int16_t> samples) {
    if (!stopped && (*sink)(samples) == Flow::stop) stopped = true;
    return !stopped;
  }
};
std::mutex g_mutex;
Job* g_job = nullptr;

int on_samples(short* samples, int count, espeak_EVENT* /*events*/) {
  if (samples == nullptr || count <= 0 || g_job == nullptr) return 0;
  const std::span<const std::int16_t> made(samples, static_cast<std::size_t>(count));
  const auto take = [](std::span<const std::int16_t> s) { return g_job->take(s); };
  const bool go_on = g_job->stretch ? g_job->stretch->push(made, take) : take(made);
  return go_on ? 0 : 1;
}

Result<void> check_data(const fs::path& data) {
  for (const char* file : {"phontab", "phonindex", "phondata", "intonations", "en_dict", "cmn_dict", "lang"}) {
    std::error_code ec;
    if (fs::exists(data / file, ec)) continue;
    return fail(Errc::not_found, fmt::format("{} is not espeak-ng's data folder: {} is missing; install the package "
                                             "espeak-ng-data and give its folder with --data",
                                             data.string(), file));
  }
  if (data.string().size() > kMaxPath)
    return fail(Errc::invalid_argument, fmt::format("the path {} is too long for espeak-ng", data.string()));
  return {};
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

// espeak-ng's list of "priority byte, code, NUL" pairs.
std::vector<std::string> codes_of(const char* languages) {
  std::vector<std::string> codes;
  while (languages != nullptr && *languages != '\0') {
    codes.push_back(lowered(languages + 1));
    languages += 1 + std::string_view(languages + 1).size() + 1;
  }
  return codes;
}

Language language_from(const espeak_VOICE& voice) {
  Language l;
  l.file = voice.identifier;
  l.id = lowered(l.file.substr(l.file.rfind('/') + 1));
  l.name = voice.name;
  std::ranges::replace(l.name, '_', ' ');
  l.also = codes_of(voice.languages);
  l.gender = voice.gender == 2 ? Gender::female : Gender::male;
  return l;
}

// Debian 12's voice `cmn` turns most characters into pinyin and then reads that as English. The voice that takes Latin
// letters for pinyin speaks them rightly, so it is the one behind "cmn"; Latin words are given to an English voice.
void mend_mandarin(std::vector<Language>& languages) {
  const auto pinyin = std::ranges::find(languages, "cmn-latn-pinyin", &Language::id);
  if (pinyin == languages.end()) return;
  const std::string file = pinyin->file;
  languages.erase(pinyin);
  const auto mandarin = std::ranges::find(languages, "cmn", &Language::id);
  if (mandarin == languages.end()) return;
  mandarin->file = file;
  mandarin->name = "Chinese (Mandarin)";
  mandarin->also.insert(mandarin->also.end(), {"cmn-latn-pinyin", "zh-cn", "zh-tw", "zh-hans", "zh-hant"});
}

// espeak-ng calls British English "en"; most who ask for "en" expect the American one, as OpenAI's voices speak it.
void tell_englishes_apart(std::vector<Language>& languages) {
  const bool has_american = std::ranges::find(languages, "en-us", &Language::id) != languages.end();
  for (Language& l : languages) {
    if (l.id == "en") l.id = "en-gb";
    if (has_american && l.id.starts_with("en-")) std::erase(l.also, "en");
    if (l.id == "en-us") l.also.emplace_back("en");
  }
}

Voices list_voices() {
  std::vector<Language> languages;
  for (const espeak_VOICE* const* v = espeak_ListVoices(nullptr); *v != nullptr; ++v) {
    const std::string_view file = (*v)->identifier;
    const bool needs_mbrola = file.starts_with("mb/");  // needs files that Debian does not ship with espeak-ng
    if (!needs_mbrola && !file.starts_with("!v/")) languages.push_back(language_from(**v));
  }
  mend_mandarin(languages);
  tell_englishes_apart(languages);
  std::ranges::sort(languages, {}, &Language::id);

  std::vector<std::string> variants;
  espeak_VOICE wanted{};
  wanted.languages = "variant";
  for (const espeak_VOICE* const* v = espeak_ListVoices(&wanted); *v != nullptr; ++v) {
    const std::string_view file = (*v)->identifier;
    if (file.starts_with("!v/") && file.find(' ') == std::string_view::npos) variants.emplace_back(file.substr(3));
  }
  return {std::move(languages), std::move(variants)};
}

bool ends_a_sentence(std::string_view text) {
  while (!text.empty() && is_blank(code_point_before(text, text.size()))) text.remove_suffix(1);
  const char32_t last = code_point_before(text, text.size());
  return last == '.' || last == '!' || last == '?' || last == U'。' || last == U'！' || last == U'？';
}

}  // namespace

Result<std::unique_ptr<Synthesizer>> Synthesizer::create(const fs::path& data) {
  HEARTH_TRY(check_data(data));
  if (g_exists.exchange(true))
    return fail(Errc::failed_precondition, "espeak-ng is already in use in this process; it exists only once");
  const int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, kBufferMs, data.c_str(), espeakINITIALIZE_DONT_EXIT);
  if (rate <= 0) {
    g_exists = false;
    return fail(Errc::failed_precondition, fmt::format("espeak-ng cannot use its data in {}", data.string()));
  }
  espeak_SetSynthCallback(on_samples);
  return std::unique_ptr<Synthesizer>(new Synthesizer(rate, list_voices()));
}

Synthesizer::~Synthesizer() {
  const std::lock_guard lock(g_mutex);
  espeak_Terminate();
  g_exists = false;
}

Result<void> Synthesizer::speak(const Plan& plan, const Speaker& speaker, double speed, const Sink& sink) {
  const std::lock_guard lock(g_mutex);
  Job job{&sink, std::nullopt, false};
  const double rate = kNormalRate * std::clamp(speed, 0.25, 4.0);
  if (rate < kSlowestRate) job.stretch.emplace(sample_rate_, rate / kSlowestRate);
  g_job = &job;
  Result<void> outcome;
  for (std::size_t i = 0; i < plan.pieces.size() && outcome && !job.stopped; ++i) {
    const Piece& piece = plan.pieces[i];
    if (espeak_SetVoiceByName(piece.voice_file.c_str()) != EE_OK) {
      outcome = fail(Errc::internal, fmt::format("espeak-ng cannot load its voice {}", piece.voice_file));
      break;
    }
    espeak_SetParameter(espeakRATE, static_cast<int>(std::lround(std::max(rate, kSlowestRate))), 0);
    espeak_SetParameter(espeakPITCH, speaker.pitch, 0);
    espeak_SetParameter(espeakRANGE, speaker.range, 0);
    const bool pause = i + 1 < plan.pieces.size() && ends_a_sentence(piece.text);
    const unsigned flags = espeakCHARS_UTF8 | (pause ? espeakENDPAUSE : 0U);
    if (espeak_Synth(piece.text.c_str(), piece.text.size() + 1, 0, POS_CHARACTER, 0, flags, nullptr, nullptr) != EE_OK)
      outcome = fail(Errc::internal, "espeak-ng refused the text");
  }
  if (outcome && !job.stopped && job.stretch)
    job.stretch->finish([&](std::span<const std::int16_t> s) { return job.take(s); });
  g_job = nullptr;
  if (outcome && job.stopped) return fail(Errc::cancelled, "the listener has gone");
  return outcome;
}

Result<std::string> Synthesizer::phonemes(const Plan& plan) {
  constexpr int kIpa = 0x02;
  const std::lock_guard lock(g_mutex);
  std::string all;
  for (const Piece& piece : plan.pieces) {
    if (espeak_SetVoiceByName(piece.voice_file.c_str()) != EE_OK)
      return fail(Errc::internal, fmt::format("espeak-ng cannot load its voice {}", piece.voice_file));
    for (const Clause& clause : clauses_of(piece.text)) {
      std::string said;
      const void* rest = clause.text.c_str();
      while (rest != nullptr) {
        const char* part = espeak_TextToPhonemes(&rest, espeakCHARS_UTF8, kIpa);
        if (part == nullptr) break;
        if (!said.empty() && *part != '\0') said += ' ';
        said += part;
      }
      said = without_switches(said);
      if (said.empty()) continue;
      if (!all.empty()) all += ' ';
      all += said;
      if (clause.mark != '\0') all += clause.mark;
    }
  }
  return all;
}

}  // namespace hearth::speech
