// Cuts a stream of sound into stretches of speech, by its energy over a noise floor that follows the recording.
//
// Belongs to one request; not shared between threads. Memory is bounded by the longest segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace hearth::transcribe {

inline constexpr int kSampleRate = 16'000;  // Hz
inline constexpr std::size_t kFrame = 160;  // samples in 10 ms

struct Segment {
  std::uint64_t start = 0;  // in samples from the stream's begin
  std::vector<std::int16_t> samples;
  double silence = 0;  // share of its frames, without the padding, that are no speech; 0 to 1
};

class Segmenter {
 public:
  struct Settings {
    double onset_db = 9;      // this far over the noise floor speech begins …
    double release_db = 6;    // … and below this it ends
    int onset_frames = 3;     // so long must it be loud
    int padding_frames = 30;  // kept before and after
    int max_frames = 2900;    // and here it is cut at the quietest place of the last seconds; 30 s with the padding
  };
  Segmenter() : Segmenter(Settings{}) {}
  explicit Segmenter(const Settings& settings) : settings_(settings) {}

  // How long it must be quiet (frames) to end a segment of this length: a short one gives the decoder too little to
  // know the voice by, so it waits for a real pause; a long one is ended by a breath.
  static int pause_after(std::size_t frames);

  // Takes the next samples of the stream, any number.
  void push(std::span<const std::int16_t> samples);
  // The stream is over: what is still open becomes a segment.
  void finish();
  // The next finished segment, oldest first.
  std::optional<Segment> take();
  // Samples pushed so far.
  [[nodiscard]] std::uint64_t position() const { return received_; }

 private:
  struct Frame {
    float level;  // dB of full scale, with the low hum taken out
    bool speech;
  };
  void add_frame(std::span<const std::int16_t> samples);
  void judge(std::size_t index);
  void step();
  void close(std::size_t end_frame);
  void cut_at_quietest();
  void forget(std::size_t frames);
  [[nodiscard]] double noise_floor() const;

  Settings settings_;
  std::uint64_t received_ = 0;
  std::vector<std::int16_t> partial_;  // less than a frame

  // The frames that may still be needed: the open segment, or the padding before the next one.
  std::uint64_t first_frame_ = 0;  // index in the stream of frames_[0]
  std::vector<Frame> frames_;
  std::vector<std::int16_t> samples_;
  std::size_t judged_ = 0;  // frames_ before this are judged

  std::vector<int> histogram_ = std::vector<int>(128);  // levels of the last seconds, a dB each
  std::deque<int> recent_;
  float previous_sample_ = 0;
  bool open_ = false;
  std::size_t begin_ = 0;  // of the open segment, in frames_
  int loud_ = 0;
  int quiet_ = 0;
  bool ended_ = false;
  std::deque<Segment> ready_;
};

}  // namespace hearth::transcribe
