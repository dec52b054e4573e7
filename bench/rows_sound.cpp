#include "rows.h"
#include "texts.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::bench {
namespace {

constexpr double kSpeechRate = 22050;  // of the speech engine's PCM
constexpr const char* kClips = "/usr/share/pocketsphinx/test/data/librivox";
constexpr std::size_t kMaxFile = 64U << 20U;

struct Spoken {
  Samples first;
  Samples factor;  // seconds of work for a second of sound
};

}  // namespace

Ask speech_ask(const std::string& text, std::string_view format) {
  return {"/v1/audio/speech", "application/json",
          fmt::format(R"({{"model":"espeak-ng","voice":"alloy","response_format":"{}","input":"{}"}})", format, text),
          "POST"};
}

Result<std::vector<Clip>> clips() {
  std::vector<std::filesystem::path> files;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(kClips, ec))
    if (entry.path().extension() == ".wav") files.push_back(entry.path());
  if (files.empty())
    return fail(Errc::failed_precondition,
                fmt::format("{} has no recordings: apt install pocketsphinx-testdata", kClips));
  std::ranges::sort(files);
  std::vector<Clip> all;
  for (const auto& file : files) {
    HEARTH_TRY_ASSIGN(std::string wav, read_file(file, kMaxFile));
    const std::size_t data = wav.find("data");
    if (data == std::string::npos) return fail(Errc::corrupt, fmt::format("{} is no WAV file", file.string()));
    std::string pcm = wav.substr(data + 8);
    all.push_back({std::move(wav), std::move(pcm)});
  }
  return all;
}

Ask transcription_ask(const Clip& clip) {
  return form("/v1/audio/transcriptions", "file", "clip.wav", clip.wav,
              {{"model", "whisper-1"}, {"response_format", "json"}});
}

Result<void> measure_speech(const Bench& bench) {
  Report::progress("speech");
  HEARTH_TRY_ASSIGN(const LoneEngine alone, LoneEngine::start(bench.build, "speech"));
  bench.report.section("Speech");
  bench.report.table({"text and way", "time to first audio byte", "real-time factor"});
  struct Text {
    std::string label;
    std::string text;
    int repeats;
  };
  const std::array<Text, 2> texts{Text{"one sentence", sentences(1).front(), 5 * bench.rounds},
                                  Text{"4,000 characters", prose(4000), bench.rounds}};
  for (const Text& text : texts) {
    std::array<Spoken, 3> ways;
    double sound = 0;
    for (int i = 0; i < text.repeats; ++i) {
      HEARTH_TRY_ASSIGN(const Reply direct, ask(alone.endpoint(), speech_ask(text.text, "pcm")));
      sound = static_cast<double>(direct.body.size()) / 2 / kSpeechRate;
      HEARTH_TRY_ASSIGN(const Reply pcm, ask(bench.box.api(), speech_ask(text.text, "pcm")));
      HEARTH_TRY_ASSIGN(const Reply mp3, ask(bench.box.api(), speech_ask(text.text, "mp3")));
      const std::array<const Reply*, 3> replies{&direct, &pcm, &mp3};
      for (std::size_t way = 0; way < replies.size(); ++way) {
        ways[way].first.add(replies[way]->first_byte);
        ways[way].factor.add(replies[way]->seconds / sound);
      }
    }
    const std::array<std::string_view, 3> names{"the engine alone", "pcm through hearthd", "mp3 through hearthd"};
    for (const std::size_t way : {1U, 2U, 0U})
      bench.report.row({fmt::format("{} ({:.0f} s of sound), {}", text.label, sound, names[way]),
                        show_time(ways[way].first.median()), fmt::format("{:.4f}", ways[way].factor.median())});
  }
  bench.report.text(
      "The real-time factor is the time until the answer's last byte, divided by the length of the sound: 0.01 is a "
      "hundred times faster than one can listen. hearthd has the sound resampled and encoded by the media engine while "
      "it is still being spoken.");
  return {};
}

Result<void> measure_transcription(const Bench& bench) {
  Report::progress("transcription");
  HEARTH_TRY_ASSIGN(const std::vector<Clip> sound, clips());
  HEARTH_TRY_ASSIGN(const LoneEngine alone, LoneEngine::start(bench.build, "transcribe"));
  double length = 0;
  for (const Clip& clip : sound) length += clip.seconds();
  Samples direct;
  Samples through;
  Samples ratio;
  const int rounds = std::max(1, bench.rounds / 2);
  for (int round = 0; round < rounds; ++round) {
    double direct_time = 0;
    double through_time = 0;
    for (const Clip& clip : sound) {
      const Ask bare{"/v1/audio/transcriptions?language=en", "application/octet-stream", clip.pcm, "POST"};
      HEARTH_TRY_ASSIGN(const Reply by_engine, ask(alone.endpoint(), bare));
      HEARTH_TRY_ASSIGN(const Reply by_box, ask(bench.box.api(), transcription_ask(clip)));
      direct_time += by_engine.seconds;
      through_time += by_box.seconds;
    }
    direct.add(direct_time / length);
    through.add(through_time / length);
    ratio.add(through_time / direct_time);
  }
  bench.report.section("Transcription");
  bench.report.table({"", "real-time factor"});
  bench.report.row({"through hearthd (WAV file in a form)", fmt::format("{:.3f}", through.median())});
  bench.report.row({"the engine alone (bare samples)", fmt::format("{:.3f}", direct.median())});
  bench.report.text(
      fmt::format("{} LibriVox recordings of Debian's pocketsphinx-testdata, {:.0f} s in all, one after the other; {} "
                  "times over. Through hearthd it takes {:.2f} times as long as in the engine.",
                  sound.size(), length, rounds, ratio.median()));
  return {};
}

}  // namespace hearth::bench
