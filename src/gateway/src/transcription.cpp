// POST /v1/audio/transcriptions and /translations: a file → the media engine → PCM → the transcription engine →
// segments, as they are heard.
#include "answer_once.h"
#include "upload.h"
#include "upstream_call.h"

#include <hearth/core/scripts.h>
#include <hearth/dialects/sse.h>
#include <hearth/dialects/transcription.h>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <vector>

namespace hearth::gateway {
namespace {

using dialects::ApiCode;
using dialects::AudioTask;
using dialects::TranscriptionForm;

constexpr std::uint64_t kRate = 16000;
constexpr std::size_t kMaxSegments = 200'000;

// One request's way: collects segments, and passes them on when the client wants a stream.
class Transcriber {
 public:
  Transcriber(Call& call, const TranscriptionForm& form, AudioTask task, const Spooled& file, Upstream& engine,
              Upstream& media)
      : call_(call), form_(form), task_(task), file_(file), engine_(engine), media_(media) {}

  net::awaitable<Attempt<>> run_once() {
    transcript_ = {};
    transcript_.task = task_;
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
    auto heard = co_await hearing.client().open({"POST", target(), {{"Content-Type", "audio/pcm"}}},
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
  // What the engine is asked for. Engines leave out of account what they cannot use.
  [[nodiscard]] std::string target() const {
    std::string text = "/v1/audio/transcriptions?words=1";
    if (task_ == AudioTask::translate) text += "&task=translate";
    if (!form_.language.empty()) text += "&language=" + net::percent_encode(form_.language);
    if (!form_.prompt.empty()) text += "&prompt=" + net::percent_encode(form_.prompt);
    if (form_.temperature > 0) text += fmt::format("&temperature={}", form_.temperature);
    return text;
  }

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
          // What is written is English then, whatever was spoken.
          transcript_.language = task_ == AudioTask::translate ? "en" : std::move(done->language);
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
      const bool apart = !transcript_.segments.empty() && wants_space(transcript_.segments.back().text, segment.text);
      const std::string delta = apart ? " " + segment.text : segment.text;
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
  AudioTask task_;
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

dialects::Decoded<std::shared_ptr<const Model>> model_for(Call& call, const TranscriptionForm& form, AudioTask task) {
  if (task == AudioTask::transcribe) return choose_model(call, form.model, Task::transcription);
  if (call.services.catalogue.serves(Task::translation)) return choose_model(call, form.model, Task::translation);
  return dialects::reject(ApiCode::model_not_loaded,
                          "no model on this box translates speech: `hearth pull whisper-base` gets one that does; "
                          "/v1/audio/transcriptions writes speech down in its own language",
                          "model");
}

net::awaitable<void> transcribe(Call& call, const TranscriptionForm& form, AudioTask task, const Spooled& file,
                                Upstream& engine, Upstream& media) {
  Transcriber transcriber(call, form, task, file, engine, media);
  Attempt<> done;
  do {
    ++call.decision.attempts;
    done = co_await transcriber.run_once();
  } while (!done && done.error().again == Again::here && call.decision.attempts < 2 && !call.exchange.started());
  if (!done) {
    auto error = done.error().error;
    if (error.status < 500 && !error.param && error.status != 499) error.param = "file";
    co_return co_await reply_error(call, error, form.stream ? StreamKind::events : StreamKind::bytes);
  }
  co_await answer(call, form, transcriber.transcript());
}

// What is asked: the form's fields, and the file's bytes whatever it is called.
Result<answers::Digest> hash_form(const Upload& upload) {
  answers::Hasher hasher("hearth.form.1");
  for (const dialects::FormField& field : upload.fields) hasher.add(field.name).add(field.value);
  const Spooled& file = upload.file->content;
  hasher.begin(file.size());
  std::vector<char> part(64 * 1024);
  for (std::uint64_t offset = 0; offset < file.size();) {
    HEARTH_TRY_ASSIGN(const std::size_t n, file.read_at(offset, part));
    if (n == 0) return fail(Errc::io_error, "a spooled file is shorter than it was");
    hasher.update({part.data(), n});
    offset += n;
  }
  return hasher.finish();
}

net::awaitable<Result<answers::Request>> digest_of(Call& call, const Upload& upload, const TranscriptionForm& form) {
  const auto digest = co_await call.services.pool.run([&upload] { return hash_form(upload); });
  if (!digest) co_return fail(digest.error());
  answers::Request request;
  request.digest = *digest;
  request.stream = form.stream;
  if (form.temperature > 0) request.not_cacheable = "a temperature makes it random";
  co_return request;
}

net::awaitable<void> handle(Call& call, AudioTask task) {
  auto upload = co_await receive_form(call, "file");
  if (!upload) co_return co_await reply_error(call, upload.error());
  const auto form = dialects::decode_transcription(upload->fields, task);
  if (!form) co_return co_await reply_error(call, form.error());
  if (!upload->file)
    co_return co_await reply_error(call, dialects::api_error(ApiCode::missing_required_parameter,
                                                             "send the sound as the form's part 'file'", "file"));
  if (upload->file->content.size() == 0)
    co_return co_await reply_error(
        call, dialects::api_error(ApiCode::empty_file, "the file has no bytes; send a recording", "file"));
  const auto model = model_for(call, *form, task);
  if (!model) co_return co_await reply_error(call, model.error());
  const auto media = media_of(call);
  if (!media) co_return co_await reply_error(call, media.error().error);

  const auto asked = co_await digest_of(call, *upload, *form);
  if (!asked) co_return co_await reply_error(call, dialects::to_api_error(asked.error()));
  call.asked = *asked;
  const auto ask = [&] { return transcribe(call, *form, task, upload->file->content, *(*model)->upstream, **media); };
  co_await answer_once(call, {*model, {}}, nullptr, ask);
}

}  // namespace

net::awaitable<void> handle_transcription(Call& call) {
  call.decision.operation = "transcription";
  co_await handle(call, AudioTask::transcribe);
}

net::awaitable<void> handle_translation(Call& call) {
  call.decision.operation = "translation";
  co_await handle(call, AudioTask::translate);
}

}  // namespace hearth::gateway
