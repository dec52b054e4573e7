// POST /v1/audio/transcriptions: a file → the media engine → PCM → the transcription engine → segments, as they are
// heard.
#include "upload.h"
#include "upstream_call.h"

#include <hearth/dialects/sse.h>
#include <hearth/dialects/transcription.h>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <vector>

namespace hearth::gateway {
namespace {

using dialects::ApiCode;
using dialects::TranscriptionForm;

constexpr std::uint64_t kRate = 16000;
constexpr std::size_t kMaxSegments = 200'000;

// One request's way: collects segments, and passes them on when the client wants a stream.
class Transcriber {
 public:
  Transcriber(Call& call, const TranscriptionForm& form, const Spooled& file, Upstream& engine, Upstream& media)
      : call_(call), form_(form), file_(file), engine_(engine), media_(media) {}

  net::awaitable<Attempt<>> run_once() {
    transcript_ = {};
    auto lease = co_await acquire(call_, engine_);
    if (!lease) co_return std::unexpected(lease.error());
    Lease& hearing = **lease;
    auto media_lease = co_await acquire(call_, media_);
    if (!media_lease) co_return std::unexpected(media_lease.error());
    Lease& decoding = **media_lease;

    auto pcm = co_await send_spooled(
        call_, decoding, media_, fmt::format("/v1/audio/decode?rate={}&max_seconds={}", kRate, max_seconds()), file_);
    if (!pcm) co_return std::unexpected(pcm.error());
    const auto decoded = co_await expect_ok(decoding, media_, *pcm);
    if (!decoded) co_return std::unexpected(decoded.error());
    duration_header_ = decoded->headers.get("X-Audio-Duration");
    const std::string target =
        fmt::format("/v1/audio/transcriptions?words=1{}",
                    form_.language.empty() ? "" : "&language=" + net::percent_encode(form_.language));
    auto heard = co_await hearing.client().open({"POST", target, {{"Content-Type", "audio/pcm"}}},
                                                net::BodyKind::chunked, hearing.deadline());
    if (!heard) co_return broke(hearing, engine_, heard.error());

    Pipe pipe(co_await net::asio::this_coro::executor, &*pcm, &*heard, &hearing);
    Attempt<> listened;
    const auto ready = co_await expect_ok(hearing, engine_, *heard);
    if (ready) {
      listened = co_await listen(*heard, hearing);
    } else {
      listened = std::unexpected(ready.error());
    }
    co_await pipe.end();
    if (pipe.source_error()) {
      // The media engine cuts sound whose length nobody knew as soon as it passes the limit.
      if (pipe.bytes() / 2 / kRate + 1 >= max_seconds()) {
        decoding.finish(Outcome::ok);
        co_return give_up(dialects::api_error(
            ApiCode::audio_too_long,
            fmt::format("the sound is longer than {} s (limits.audio_duration); send it in parts", max_seconds()),
            "file"));
      }
      co_return broke(decoding, media_, *pipe.source_error());
    }
    if (!listened) co_return listened;
    hearing.finish(Outcome::ok);
    decoding.finish(Outcome::ok);
    co_return Attempt<>();
  }

  [[nodiscard]] const dialects::Transcript& transcript() const { return transcript_; }

 private:
  [[nodiscard]] std::uint64_t max_seconds() const {
    return static_cast<std::uint64_t>(call_.services.config.limits.audio_duration.count() / 1000);
  }

  net::awaitable<Attempt<>> listen(net::ClientCall& heard, Lease& hearing) {
    dialects::SseParser parser;
    std::vector<char> part(16 * 1024);
    for (;;) {
      const auto n = co_await heard.read_some(part);
      if (!n) co_return broke(hearing, engine_, n.error());
      if (*n == 0)
        co_return broke(hearing, engine_,
                        Error(Errc::protocol_error, "the transcription ended without its last event"));
      parser.feed({part.data(), *n});
      for (;;) {
        const auto event = parser.next();
        if (!event) co_return broke(hearing, engine_, event.error());
        if (!event->has_value()) break;
        auto decoded = dialects::decode_transcript_event((*event)->data);
        if (!decoded) co_return broke(hearing, engine_, decoded.error());
        if (auto* error = std::get_if<dialects::ApiError>(&*decoded)) co_return give_up(*error);
        if (auto* done = std::get_if<dialects::EngineTranscriptDone>(&*decoded)) {
          transcript_.text = std::move(done->text);
          transcript_.duration = done->duration;
          transcript_.language = std::move(done->language);
          co_return Attempt<>();
        }
        const auto taken = co_await take(std::get<dialects::TranscriptSegment>(std::move(*decoded)));
        if (!taken) co_return std::unexpected(taken.error());
      }
    }
  }

  net::awaitable<Attempt<>> take(dialects::TranscriptSegment segment) {
    if (transcript_.segments.size() >= kMaxSegments)
      co_return give_up(dialects::api_error(ApiCode::engine_error, "the transcription has too many segments"));
    if (form_.stream) {
      if (!call_.exchange.started()) {
        call_.decision.first_byte = steady_now();
        call_.decision.status = 200;
        net::Headers headers = answer_headers(call_, "text/event-stream");
        // Ours: how long the sound is, so that a client can show how far it has been heard.
        if (!duration_header_.empty()) headers.add("X-Audio-Duration", duration_header_);
        call_.exchange.start(200, std::move(headers));
      }
      const std::string delta = transcript_.segments.empty() ? segment.text : " " + segment.text;
      const auto words = form_.word_timestamps ? dialects::SegmentWords::include : dialects::SegmentWords::leave_out;
      const std::string events =
          dialects::encode_transcript_delta(delta, segment.id) + dialects::encode_transcript_segment(segment, words);
      const auto written = co_await call_.exchange.write(events);
      if (!written) co_return give_up(dialects::to_api_error(written.error()));
    }
    transcript_.segments.push_back(std::move(segment));
    co_return Attempt<>();
  }

  Call& call_;
  const TranscriptionForm& form_;
  const Spooled& file_;
  Upstream& engine_;
  Upstream& media_;
  dialects::Transcript transcript_;
  std::string duration_header_;  // seconds, as the media engine says them; empty if the container does not
};

net::awaitable<void> answer(Call& call, const TranscriptionForm& form, const dialects::Transcript& transcript) {
  if (!form.stream) {
    const auto encoded = dialects::encode_transcript(transcript, form);
    co_return co_await reply(call, 200, encoded.content_type, encoded.body);
  }
  if (!call.exchange.started()) {  // silence: no segment came
    call.decision.status = 200;
    call.exchange.start(200, answer_headers(call, "text/event-stream"));
  }
  const auto told =
      co_await call.exchange.write(dialects::encode_transcript_done(transcript.text, transcript.duration));
  if (told) co_await call.exchange.finish();
}

}  // namespace

net::awaitable<void> handle_transcription(Call& call) {
  call.decision.operation = "transcription";
  auto upload = co_await receive_form(call, "file");
  if (!upload) co_return co_await reply_error(call, upload.error());
  const auto form = dialects::decode_transcription(upload->fields, dialects::AudioTask::transcribe);
  if (!form) co_return co_await reply_error(call, form.error());
  if (!upload->file)
    co_return co_await reply_error(call, dialects::api_error(ApiCode::missing_required_parameter,
                                                             "send the sound as the form's part 'file'", "file"));
  if (upload->file->content.size() == 0)
    co_return co_await reply_error(
        call, dialects::api_error(ApiCode::empty_file, "the file has no bytes; send a recording", "file"));
  const auto model = choose_model(call, form->model, Task::transcription);
  if (!model) co_return co_await reply_error(call, model.error());
  const auto media = media_of(call);
  if (!media) co_return co_await reply_error(call, media.error().error);

  Transcriber transcriber(call, *form, upload->file->content, *(*model)->upstream, **media);
  Attempt<> done;
  do {
    ++call.decision.attempts;
    done = co_await transcriber.run_once();
  } while (!done && done.error().upstream_broke && call.decision.attempts < 2 && !call.exchange.started());
  if (!done) {
    auto error = done.error().error;
    if (error.status < 500 && !error.param && error.status != 499) error.param = "file";
    co_return co_await reply_error(call, error, form->stream ? StreamKind::events : StreamKind::bytes);
  }
  co_await answer(call, *form, transcriber.transcript());
}

// Nothing on the box translates yet: the form is still checked, so that its faults are found first.
net::awaitable<void> handle_translation(Call& call) {
  call.decision.operation = "translation";
  auto upload = co_await receive_form(call, "file");
  if (!upload) co_return co_await reply_error(call, upload.error());
  const auto form = dialects::decode_transcription(upload->fields, dialects::AudioTask::translate);
  if (!form) co_return co_await reply_error(call, form.error());
  co_await reply_error(
      call,
      dialects::api_error(ApiCode::model_not_loaded,
                          "no model on this box translates speech yet: `hearth pull whisper-base` gets one that does; "
                          "/v1/audio/transcriptions writes speech down in its own language",
                          "model"));
}

}  // namespace hearth::gateway
