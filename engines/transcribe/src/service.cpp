#include "service.h"

#include "segmenter.h"
#include "text.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace hearth::transcribe {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "samples are taken as they lie in memory");

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}
double as_time(double seconds) {
  return rounded(seconds, 1000);
}

// "en", "en-GB", "English"; absent and empty leave the choice to us, and English is all there is.
bool is_english(std::string_view language) {
  std::string low;
  for (const char c : language.substr(0, 16)) low += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return low.empty() || low == "en" || low.starts_with("en-") || low.starts_with("en_") || low == "english";
}

// Bytes in, samples out; a sample may be split between two reads.
class SampleReader {
 public:
  explicit SampleReader(kit::Request& request) : request_(request) {}

  // The next samples; none at the body's end. io_error.
  Result<std::span<const std::int16_t>> next() {
    bytes_[0] = odd_;
    HEARTH_TRY_ASSIGN(const std::size_t n, request_.read(std::span<char>(bytes_).subspan(have_)));
    if (n == 0) return std::span<const std::int16_t>();
    const std::size_t total = have_ + n;
    std::memcpy(samples_.data(), bytes_.data(), total / 2 * 2);
    have_ = total % 2;
    odd_ = bytes_[total - 1];
    if (total < 2) return next();
    return std::span<const std::int16_t>(samples_.data(), total / 2);
  }

 private:
  kit::Request& request_;
  std::array<char, 32 * 1024> bytes_{};
  std::array<std::int16_t, 16 * 1024> samples_{};
  std::size_t have_ = 0;
  char odd_ = 0;
};

enum class Detail { text, words };

class Transcription {
 public:
  Transcription(DecoderPool::Lease decoder, kit::Request& request, kit::Response& response, Detail detail)
      : decoder_(std::move(decoder)), request_(request), response_(response), detail_(detail) {}

  Result<void> run() {
    SampleReader reader(request_);
    for (;;) {
      HEARTH_TRY_ASSIGN(const auto samples, reader.next());
      if (samples.empty()) break;
      segmenter_.push(samples);
      HEARTH_TRY(send_ready());
    }
    segmenter_.finish();
    HEARTH_TRY(send_ready());
    const double duration = static_cast<double>(segmenter_.position()) / kSampleRate;
    start();
    return response_.event(
        {{"type", "transcript.text.done"}, {"text", text_}, {"duration", as_time(duration)}, {"language", "en"}});
  }

 private:
  void start() {
    if (!response_.started()) response_.start(200, "text/event-stream");
  }

  Result<void> send_ready() {
    while (const auto segment = segmenter_.take()) {
      HEARTH_TRY(send(*segment));
    }
    return {};
  }

  Result<void> send(const Segment& segment) {
    if (request_.abandoned()) return fail(Errc::cancelled, "nobody waits for the transcript");
    HEARTH_TRY_ASSIGN(const std::vector<Word> words, decoder_->decode(segment.samples));
    if (words.empty()) return {};
    const double offset = static_cast<double>(segment.start) / kSampleRate;
    const std::string text = sentence(words);
    double log_probability = 0;
    json::array listed;
    for (const Word& w : words) {
      log_probability += std::log(std::max(w.probability, 1e-6));
      listed.push_back({{"word", written(w.text)},
                        {"start", as_time(offset + w.start)},
                        {"end", as_time(offset + w.end)},
                        {"probability", rounded(w.probability, 10'000)}});
    }
    json::object event{{"type", "transcript.text.segment"},
                       {"id", next_id_++},
                       {"start", as_time(offset + words.front().start)},
                       {"end", as_time(offset + words.back().end)},
                       {"text", text},
                       {"avg_logprob", rounded(log_probability / static_cast<double>(words.size()), 10'000)},
                       {"no_speech_prob", rounded(segment.silence, 10'000)}};
    if (detail_ == Detail::words) event["words"] = std::move(listed);
    if (!text_.empty()) text_ += ' ';
    text_ += text;
    start();
    return response_.event(event);
  }

  DecoderPool::Lease decoder_;
  kit::Request& request_;
  kit::Response& response_;
  Detail detail_;
  Segmenter segmenter_;
  std::string text_;
  int next_id_ = 0;
};

}  // namespace

void answer_transcription(DecoderPool& pool, kit::Request& request, kit::Response& response) {
  const std::string language = request.query("language").value_or("");
  if (!is_english(language)) {
    const std::string_view shown = is_utf8(language) && language.size() <= 35 ? std::string_view(language) : "that";
    return response.error(400, "language_not_installed",
                          fmt::format("the transcription model on this box knows English only, not '{}'; `hearth pull "
                                      "NAME` adds a multilingual one (a whisper model, for example)",
                                      shown),
                          "language");
  }
  const std::string words = request.query("words").value_or("0");
  if (words != "0" && words != "1") return response.error(400, "invalid_value", "words must be 0 or 1", "words");

  auto decoder = pool.lend([&] { return request.abandoned(); });
  if (!decoder) return response.error(decoder.error());
  Transcription work(std::move(*decoder), request, response, words == "1" ? Detail::words : Detail::text);
  const auto done = work.run();
  if (done) return;
  if (response.started()) return response.abort();
  response.error(done.error());
}

void serve_transcription(kit::Engine& engine, DecoderPool& pool) {
  engine.model("pocketsphinx-en-us", "transcription");
  engine.route("POST", "/v1/audio/transcriptions",
               [&](kit::Request& q, kit::Response& a) { answer_transcription(pool, q, a); });
}

}  // namespace hearth::transcribe
