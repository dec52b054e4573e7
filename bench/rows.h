// The parts of the document, each measured when it is called. They add to `report` and leave the box as it was.
#pragma once

#include "box.h"
#include "report.h"

#include <filesystem>
#include <string>
#include <vector>

namespace hearth::bench {

struct Bench {
  std::filesystem::path build;
  std::filesystem::path docs;  // where pictures go
  const Box& box;
  Report& report;
  int rounds;  // how often paired measurements alternate
};

// hearthd from exec to ready, its memory and its idleness. Starts daemons of its own.
Result<void> measure_start(const std::filesystem::path& build, Report& report, int starts);
// Each engine's first request, against the same request when it is warm.
Result<void> measure_engine_starts(const Bench& bench);
Result<void> measure_embeddings(const Bench& bench);
Result<void> measure_chat(const Bench& bench);
Result<void> measure_speech(const Bench& bench);
Result<void> measure_transcription(const Bench& bench);
Result<void> measure_ocr(const Bench& bench);
Result<void> measure_detection(const Bench& bench);
// What each engine, and hearthd, occupy after all that.
Result<void> measure_memory(const Bench& bench);

// ── Requests that several parts send
Ask embed_ask(const std::string& sentence);
Ask speech_ask(const std::string& text, std::string_view format);
Ask ocr_ask(const std::string& pdf);
struct Clip {
  std::string wav;
  std::string pcm;  // the same, without the header: 16 kHz, 16 bit, mono
  [[nodiscard]] double seconds() const { return static_cast<double>(pcm.size()) / 32000.0; }
};
// The LibriVox clips of pocketsphinx-testdata, in order. failed_precondition names the package.
Result<std::vector<Clip>> clips();
Ask transcription_ask(const Clip& clip);
struct Picture {
  std::string frame;  // as engines exchange it
  std::string ppm;    // as a client may send it
};
// Frames of opencv-doc's vtest.avi, three seconds apart, decoded by the media engine alone.
Result<std::vector<Picture>> pictures(const net::Endpoint& media, std::size_t count);
Ask detection_ask(const Picture& picture);

}  // namespace hearth::bench
