#include "service.h"

#include "transcript.h"
#include "windower.h"

#include <hearth/core/clock.h>
#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace hearth::whisper {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "samples are taken as they lie in memory");

constexpr std::size_t kMaxPrompt = 16 * 1024;  // bytes
// Who waits longer than this for the next samples has caught up with somebody who speaks.
constexpr std::chrono::milliseconds kLiveWait{50};

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}
double as_time(double seconds) {
  return rounded(seconds, 1000);
}

// ── What is asked for ──

struct Wish {
  Task task = Task::transcribe;
  std::string language;
  std::string prompt;
  double temperature = 0;
  bool words = false;
};

// A fault of the request, in the kit's terms.
struct Fault {
  std::string_view code;
  std::string message;
  std::string_view param;
};

std::string lower(std::string_view text) {
  std::string low;
  for (const char c : text) low += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return low;
}

// "de", "de-AT", "German" → "de"; nullptr when the model lacks it.
const Language* known_language(const ModelFacts& model, std::string_view wanted) {
  const std::string low = lower(wanted.substr(0, 64));
  const std::string code = low.substr(0, low.find_first_of("-_"));
  const auto it =
      std::ranges::find_if(model.languages, [&](const Language& l) { return l.code == code || l.name == low; });
  return it == model.languages.end() ? nullptr : &*it;
}

std::expected<Wish, Fault> read_wish(const ModelFacts& model, const kit::Request& request) {
  Wish wish;
  const std::string task = request.query("task").value_or("transcribe");
  if (task != "transcribe" && task != "translate")
    return std::unexpected(Fault{"invalid_value", "task must be transcribe or translate", "task"});
  wish.task = task == "translate" ? Task::translate : Task::transcribe;
  if (wish.task == Task::translate && !model.multilingual)
    return std::unexpected(Fault{
        "unsupported_value",
        fmt::format(
            "the model '{}' knows English only and does not translate; `hearth pull whisper-base` gets one that does",
            model.id),
        "model"});

  const std::string words = request.query("words").value_or("0");
  if (words != "0" && words != "1") return std::unexpected(Fault{"invalid_value", "words must be 0 or 1", "words"});
  wish.words = words == "1";

  const std::string language = request.query("language").value_or("");
  if (!language.empty()) {
    const Language* known = known_language(model, language);
    const std::string_view shown = is_utf8(language) && language.size() <= 35 ? std::string_view(language) : "that";
    if (known == nullptr)
      return std::unexpected(Fault{
          "language_not_installed",
          model.multilingual ? fmt::format("the model '{}' does not know the language '{}'; leave it out, and the "
                                           "model finds out",
                                           model.id, shown)
                             : fmt::format("the model '{}' knows English only, not '{}'; `hearth pull whisper-base` "
                                           "gets a multilingual one",
                                           model.id, shown),
          "language"});
    wish.language = known->code;
  } else if (!model.multilingual) {
    wish.language = "en";
  }

  wish.prompt = request.query("prompt").value_or("");
  if (wish.prompt.size() > kMaxPrompt || !is_utf8(wish.prompt))
    return std::unexpected(
        Fault{"invalid_value", fmt::format("prompt must be UTF-8 of at most {} bytes", kMaxPrompt), "prompt"});
  const auto temperature = request.number("temperature", 0, 0, 1);
  if (!temperature) return std::unexpected(Fault{"invalid_value", temperature.error().describe(), "temperature"});
  wish.temperature = *temperature;
  return wish;
}

// ── The recording, in whole chunks ──

// s16le bytes in, samples from -1 to 1 out; a sample may be split between two reads.
class SampleReader {
 public:
  explicit SampleReader(kit::Request& request) : request_(request) {}

  // Appends the next samples to `to`; false at the body's end. io_error.
  Result<bool> next(std::vector<float>& to) {
    bytes_[0] = odd_;
    const SteadyTime asked = steady_now();
    HEARTH_TRY_ASSIGN(const std::size_t n, request_.read(std::span<char>(bytes_).subspan(have_)));
    waited_ = steady_now() - asked >= kLiveWait;
    if (n == 0) return false;
    const std::size_t total = have_ + n;
    for (std::size_t i = 0; i + 1 < total; i += 2) {
      std::int16_t sample = 0;
      std::memcpy(&sample, bytes_.data() + i, sizeof sample);
      to.push_back(static_cast<float>(sample) / 32768.0F);
    }
    have_ = total % 2;
    odd_ = bytes_[total - 1];
    return true;
  }
  [[nodiscard]] Supply supply() const { return waited_ ? Supply::live : Supply::plenty; }

 private:
  kit::Request& request_;
  std::array<char, 16 * 1024> bytes_{};
  std::size_t have_ = 0;
  char odd_ = 0;
  bool waited_ = false;
};

// ── One request ──

class Session {
 public:
  Session(Service& service, Pool::Lease recogniser, Wish wish, kit::Request& request, kit::Response& response)
      : service_(service),
        recogniser_(std::move(recogniser)),
        wish_(std::move(wish)),
        request_(request),
        response_(response),
        language_(wish_.language) {}

  Result<void> run() {
    recogniser_->begin();
    SampleReader reader(request_);
    for (;;) {
      HEARTH_TRY_ASSIGN(const bool more, reader.next(waiting_));
      if (!more) break;
      const std::size_t whole = waiting_.size() / kChunk * kChunk;
      HEARTH_TRY(listen(whole, whole, reader.supply()));
    }
    const std::size_t rest = waiting_.size();
    waiting_.resize((rest + kChunk - 1) / kChunk * kChunk);
    HEARTH_TRY(listen(waiting_.size(), rest, Supply::plenty));
    windower_.finish();
    HEARTH_TRY(hear_ready());
    start();
    const double duration = static_cast<double>(received_) / kSampleRate;
    return response_.event({{"type", "transcript.text.done"},
                            {"text", transcript_.text()},
                            {"duration", as_time(duration)},
                            {"language", language_.empty() ? "en" : language_}});
  }

 private:
  void start() {
    if (!response_.started()) response_.start(200, "text/event-stream");
  }

  // The first `size` samples that wait, `real` of which are the recording's.
  Result<void> listen(std::size_t size, std::size_t real, Supply supply) {
    const auto samples = std::span<const float>(waiting_).first(size);
    received_ += real;
    if (samples.empty()) return {};
    std::vector<float> speech;
    if (recogniser_->tells_speech()) {
      HEARTH_TRY_ASSIGN(speech, recogniser_->speech(samples));
    } else {
      speech = loudness(samples);
    }
    windower_.push(samples, speech, supply);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(size));
    return hear_ready();
  }

  Result<void> hear_ready() {
    while (const auto window = windower_.take()) {
      HEARTH_TRY(hear(*window));
    }
    return {};
  }

  Result<void> hear(const Window& window) {
    if (request_.abandoned()) return fail(Errc::cancelled, "nobody waits for the transcript");
    WindowJob job;
    job.samples = window.samples;
    job.task = wish_.task;
    job.language = language_;
    job.prompt = wish_.prompt;
    job.forget = transcript_.doubtful();
    job.temperature = wish_.temperature;
    job.threads = std::max(1, service_.threads / static_cast<int>(std::max<std::size_t>(1, service_.pool.lent())));
    job.give_up = [this] { return request_.abandoned(); };
    HEARTH_TRY_ASSIGN(const WindowHeard heard, recogniser_->hear(job));
    if (language_.empty()) language_ = heard.language;
    for (const Segment& segment : transcript_.add(window, heard)) {
      HEARTH_TRY(send(segment));
    }
    return {};
  }

  Result<void> send(const Segment& segment) {
    const double duration = static_cast<double>(received_) / kSampleRate;
    const auto time = [&](double at) { return as_time(std::min(at, duration)); };
    json::object event{{"type", "transcript.text.segment"},
                       {"id", segment.id},
                       {"start", time(segment.start)},
                       {"end", time(segment.end)},
                       {"text", segment.text},
                       {"avg_logprob", rounded(segment.avg_logprob, 10'000)},
                       {"no_speech_prob", rounded(segment.no_speech, 10'000)}};
    if (wish_.words) {
      json::array listed;
      for (const Word& w : segment.words)
        listed.push_back({{"word", trimmed(w.text)},
                          {"start", time(w.start)},
                          {"end", time(w.end)},
                          {"probability", rounded(w.probability, 10'000)}});
      event["words"] = std::move(listed);
    }
    start();
    return response_.event(event);
  }

  Service& service_;
  Pool::Lease recogniser_;
  Wish wish_;
  kit::Request& request_;
  kit::Response& response_;
  std::string language_;  // asked for, or found out in the first window
  Windower windower_;
  Transcript transcript_;
  std::vector<float> waiting_;  // less than a chunk between two reads
  std::uint64_t received_ = 0;  // samples
};

}  // namespace

void answer_transcription(Service& service, kit::Request& request, kit::Response& response) {
  auto wish = read_wish(service.model, request);
  if (!wish) return response.error(400, wish.error().code, wish.error().message, wish.error().param);
  auto recogniser = service.pool.lend([&] { return request.abandoned(); });
  if (!recogniser) return response.error(recogniser.error());
  Session session(service, std::move(*recogniser), std::move(*wish), request, response);
  const auto done = session.run();
  if (done) return;
  if (response.started()) return response.abort();
  response.error(done.error());
}

void serve(kit::Engine& engine, Service& service) {
  engine.model(service.model.id, "transcription");
  if (service.model.multilingual) engine.model(service.model.id, "translation");
  engine.route("POST", "/v1/audio/transcriptions",
               [&](kit::Request& q, kit::Response& a) { answer_transcription(service, q, a); });
}

}  // namespace hearth::whisper
