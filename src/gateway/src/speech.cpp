// POST /v1/audio/speech: text → the speech engine (by way of phonemes, where its voice takes those) → PCM → the media
// engine → the format asked for, all at once: the first bytes leave while the rest is still spoken.
#include "upstream_call.h"

#include <hearth/dialects/speech.h>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace hearth::gateway {
namespace {

constexpr int kDefaultRate = 22050;
constexpr std::size_t kMaxVoices = 4 << 20;
constexpr std::size_t kMaxPhonemes = 1 << 20;

// "audio/pcm;rate=22050" → 22050
int pcm_rate(std::string_view content_type) {
  constexpr std::string_view kRate = "rate=";
  const auto at = content_type.find(kRate);
  int rate = kDefaultRate;
  if (at != std::string_view::npos)
    std::from_chars(content_type.data() + at + kRate.size(), content_type.data() + content_type.size(), rate);
  return rate;
}

bool is_events(const dialects::SpeechRequest& request) {
  return request.stream_format == dialects::SpeechStream::sse;
}

// Passes the encoded audio on as it comes. The lease of whoever failed is settled here.
net::awaitable<Attempt<>> stream_audio(Call& call, const dialects::SpeechRequest& request, net::ClientCall& encoded,
                                       Lease& media, Upstream& upstream) {
  std::vector<char> part(16 * 1024);
  for (;;) {
    const auto n = co_await encoded.read_some(part);
    if (!n) co_return broke(media, upstream, n.error());
    if (!call.exchange.started()) {
      call.decision.first_byte = steady_now();
      call.decision.status = 200;
      call.exchange.start(
          200, answer_headers(
                   call, is_events(request) ? "text/event-stream" : dialects::content_type(request.response_format)));
    }
    if (*n == 0) co_return Attempt<>();
    const std::string_view bytes(part.data(), *n);
    const auto written =
        co_await call.exchange.write(is_events(request) ? dialects::encode_speech_delta(bytes) : std::string(bytes));
    if (!written) co_return give_up(dialects::to_api_error(written.error()));
  }
}

// What the engine that knows how words are spoken makes of the text.
net::awaitable<Attempt<std::string>> ask_phonemes(Call& call, const dialects::SpeechRequest& request,
                                                  const Model& model) {
  Upstream& asked = *model.phonemes;
  auto lease = co_await acquire(call, asked);
  if (!lease) co_return std::unexpected(lease.error());
  Lease& asking = **lease;
  // A voice of one language says everything in it; of others the text's script decides.
  std::string language = request.language;
  if (language.empty() && model.languages.size() == 1) language = model.languages.front();
  const std::string body = dialects::encode_engine_speech(request.input, {}, 1.0, language);
  net::RequestHead head{"POST", "/v1/phonemes", {{"Content-Type", "application/json"}}};
  auto sent = co_await asking.client().send(std::move(head), body, asking.deadline());
  if (!sent) co_return broke(asking, asked, sent.error());
  const auto good = co_await expect_ok(asking, asked, *sent);
  if (!good) co_return std::unexpected(good.error());
  auto answer = co_await sent->read_all(kMaxPhonemes);
  if (!answer) co_return broke(asking, asked, answer.error());
  asking.finish(Outcome::ok);
  co_return std::move(*answer);
}

// What the engine that speaks is given.
net::awaitable<Attempt<std::string>> engine_request(Call& call, const dialects::SpeechRequest& request,
                                                    const Model& model) {
  if (!model.phonemes)
    co_return dialects::encode_engine_speech(request.input, request.voice, request.speed, request.language);
  const auto phonemes = co_await ask_phonemes(call, request, model);
  if (!phonemes) co_return std::unexpected(phonemes.error());
  co_return dialects::encode_engine_phonemes(*phonemes, request.voice, request.speed);
}

net::awaitable<Attempt<>> speak_once(Call& call, const dialects::SpeechRequest& request, const Model& model,
                                     Upstream& media) {
  Upstream& speech = *model.upstream;
  const auto body = co_await engine_request(call, request, model);
  if (!body) co_return std::unexpected(body.error());
  auto speech_lease = co_await acquire(call, speech);
  if (!speech_lease) co_return std::unexpected(speech_lease.error());
  Lease& speaking = **speech_lease;
  net::RequestHead head{"POST", "/v1/audio/speech", {{"Content-Type", "application/json"}}};
  auto spoken = co_await speaking.client().send(std::move(head), *body, speaking.deadline());
  if (!spoken) co_return broke(speaking, speech, spoken.error());
  const auto pcm = co_await expect_ok(speaking, speech, *spoken);
  if (!pcm) co_return std::unexpected(pcm.error());

  auto media_lease = co_await acquire(call, media);
  if (!media_lease) co_return std::unexpected(media_lease.error());
  Lease& encoding = **media_lease;
  const std::string target =
      fmt::format("/v1/audio/encode?format={}&rate={}", dialects::to_string(request.response_format),
                  pcm_rate(pcm->headers.get("Content-Type")));
  auto encoded = co_await encoding.client().open({"POST", target, {{"Content-Type", "audio/pcm"}}},
                                                 net::BodyKind::chunked, encoding.deadline());
  if (!encoded) co_return broke(encoding, media, encoded.error());

  Pipe pipe(co_await net::asio::this_coro::executor, &*spoken, &*encoded, &encoding);
  Attempt<> streamed;
  const auto ready = co_await expect_ok(encoding, media, *encoded);
  if (ready) {
    streamed = co_await stream_audio(call, request, *encoded, encoding, media);
  } else {
    streamed = std::unexpected(ready.error());
  }
  co_await pipe.end();
  if (pipe.source_error()) co_return broke(speaking, speech, *pipe.source_error());
  if (!streamed) co_return streamed;
  speaking.finish(Outcome::ok);
  encoding.finish(Outcome::ok);
  co_return Attempt<>();
}

}  // namespace

net::awaitable<void> handle_speech(Call& call) {
  call.decision.operation = "text_to_speech";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  dialects::SpeechLimits limits;
  limits.max_characters = call.services.config.limits.speech_characters;
  const auto request = co_await parse_sized(call, body->size(), [&] { return dialects::decode_speech(*body, limits); });
  if (!request) co_return co_await reply_error(call, request.error());
  const auto model = choose_model(call, request->model, Task::speech);
  if (!model) co_return co_await reply_error(call, model.error());
  const auto media = media_of(call);
  if (!media) co_return co_await reply_error(call, media.error().error);

  Attempt<> done;
  do {
    ++call.decision.attempts;
    done = co_await speak_once(call, *request, **model, **media);
  } while (!done && done.error().again == Again::here && call.decision.attempts < 2 && !call.exchange.started());
  const StreamKind kind = is_events(*request) ? StreamKind::events : StreamKind::bytes;
  if (!done) co_return co_await reply_error(call, done.error().error, kind);
  if (is_events(*request)) {
    const auto told = co_await call.exchange.write(dialects::encode_speech_done({}));
    if (!told) co_return;
  }
  co_await call.exchange.finish();
}

// GET /v1/audio/voices: the engine's list.
net::awaitable<void> handle_voices(Call& call) {
  call.decision.operation = "voices";
  const auto model = choose_model(call, "", Task::speech);
  if (!model) co_return co_await reply_error(call, model.error());
  Upstream& speech = *(*model)->upstream;
  auto lease = co_await acquire(call, speech);
  if (!lease) co_return co_await reply_error(call, lease.error().error);
  auto answer = co_await (*lease)->client().fetch({"GET", "/v1/voices", {}}, "", kMaxVoices, (*lease)->deadline());
  if (!answer) co_return co_await reply_error(call, broke(**lease, speech, answer.error()).error().error);
  (*lease)->finish(Outcome::ok);
  co_await reply(call, answer->head.status, "application/json", answer->body);
}

}  // namespace hearth::gateway
