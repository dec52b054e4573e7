#include "handlers.h"

#include "audio_decode.h"
#include "audio_encode.h"
#include "errors.h"
#include "frames.h"
#include "probe.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

namespace hearth::media {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "samples travel as s16le without conversion");

constexpr std::uint64_t kMaxBody = 8ULL << 30;  // the daemon's own limit is far lower; this one saves the disk
constexpr std::size_t kWriteChunk = 256 * 1024;

Watch watch_of(kit::Request& request) {
  return Watch([&request] { return request.abandoned(); });
}

// A whole number within bounds.
Result<std::uint64_t> integer(const kit::Request& request, std::string_view name, std::uint64_t fallback,
                              std::uint64_t low, std::uint64_t high) {
  HEARTH_TRY_ASSIGN(const double value, request.number(name, static_cast<double>(fallback), static_cast<double>(low),
                                                       static_cast<double>(high)));
  return static_cast<std::uint64_t>(value);
}

Result<int> hertz(const kit::Request& request, std::string_view name, int fallback) {
  HEARTH_TRY_ASSIGN(const auto value, integer(request, name, static_cast<std::uint64_t>(fallback), 4000, 192'000));
  return static_cast<int>(value);
}

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

Result<void> write_all(kit::Response& response, std::string_view bytes) {
  while (!bytes.empty()) {
    HEARTH_TRY(response.write(bytes.substr(0, kWriteChunk)));
    bytes.remove_prefix(std::min(kWriteChunk, bytes.size()));
  }
  return {};
}

class PcmAnswer final : public AudioSink {
 public:
  PcmAnswer(kit::Response& response, int rate) : response_(response), type_(content_type(AudioFormat::pcm, rate)) {}
  Result<void> begin(std::optional<double> duration) override {
    if (!duration) {
      response_.start(200, type_);
      return {};
    }
    const std::string seconds = fmt::format("{:.3f}", *duration);
    const std::array<kit::Response::Header, 1> headers{{{"X-Audio-Duration", seconds}}};
    response_.start(200, type_, headers);
    return {};
  }
  Result<void> samples(std::span<const std::int16_t> mono) override {
    return write_all(response_, {reinterpret_cast<const char*>(mono.data()), mono.size_bytes()});
  }

 private:
  kit::Response& response_;
  std::string type_;
};

class FramesAnswer final : public FrameSink {
 public:
  explicit FramesAnswer(kit::Response& response) : response_(response) {}
  Result<void> frame(kit::FrameHeader header, const Picture& picture) override {
    header.width = picture.width();
    header.height = picture.height();
    header.channels = picture.channels();
    if (!response_.started()) response_.start(200, kit::kFramesType);
    HEARTH_TRY(response_.write(kit::encode_frame_header(header)));
    return write_all(response_, {picture.bytes().data(), picture.size()});
  }

 private:
  kit::Response& response_;
};

Result<void> decode(const HandlerContext& context, kit::Request& request, kit::Response& response) {
  AudioDecodeRequest wanted;
  HEARTH_TRY_ASSIGN(wanted.rate, hertz(request, "rate", wanted.rate));
  HEARTH_TRY_ASSIGN(wanted.max_seconds, request.number("max_seconds", wanted.max_seconds, 0.001, 1e7));
  HEARTH_TRY_ASSIGN(const kit::Body body, kit::Body::receive(request, context.options, kMaxBody));
  Watch watch = watch_of(request);
  PcmAnswer answer(response, wanted.rate);
  return decode_audio(body, wanted, watch, answer);
}

Result<AudioEncodeRequest> encode_request(const kit::Request& request) {
  AudioEncodeRequest wanted;
  const std::string name = request.query("format").value_or("mp3");
  const auto format = parse_audio_format(name);
  if (!format) return fail(Errc::invalid_argument, "format must be mp3, opus, aac, flac, wav or pcm");
  wanted.format = *format;
  HEARTH_TRY_ASSIGN(wanted.rate, hertz(request, "rate", wanted.rate));
  if (request.query("out_rate").value_or("0") != "0") {
    HEARTH_TRY_ASSIGN(wanted.out_rate, hertz(request, "out_rate", 0));
  }
  if (request.query("bitrate").value_or("0") != "0") {
    HEARTH_TRY_ASSIGN(const auto bitrate, integer(request, "bitrate", 0, 6000, 512'000));
    wanted.bitrate = static_cast<int>(bitrate);
  }
  return wanted;
}

// Bytes of the body as samples; one byte may have to wait for its other half.
class SampleReader {
 public:
  explicit SampleReader(kit::Request& request) : request_(request) {}
  // The samples that are there, at least one; empty at the end. A lone last byte is no sample.
  Result<std::span<const std::int16_t>> next() {
    if (half_) bytes_[0] = *half_;
    std::size_t filled = half_ ? 1 : 0;
    half_.reset();
    while (filled < sizeof(std::int16_t)) {
      HEARTH_TRY_ASSIGN(const std::size_t n, request_.read(std::span(bytes_).subspan(filled)));
      if (n == 0) return std::span<const std::int16_t>();
      filled += n;
    }
    if (filled % sizeof(std::int16_t) != 0) half_ = bytes_[filled - 1];
    return std::span(reinterpret_cast<const std::int16_t*>(bytes_.data()), filled / sizeof(std::int16_t));
  }

 private:
  kit::Request& request_;
  alignas(std::int16_t) std::array<char, 32 * 1024> bytes_{};
  std::optional<char> half_;
};

Result<void> encode(kit::Request& request, kit::Response& response) {
  HEARTH_TRY_ASSIGN(const AudioEncodeRequest wanted, encode_request(request));
  SampleReader reader(request);
  HEARTH_TRY_ASSIGN(std::span<const std::int16_t> samples, reader.next());
  if (samples.empty()) return fail(MediaErrc::empty_file, "there are no samples in the body");
  // What the encoder has to say before it knows its first sample (a file header) waits for the answer's head.
  std::string early;
  bool begun = false;
  HEARTH_TRY_ASSIGN(const auto encoder, AudioEncoder::create(wanted, [&](std::string_view bytes) -> Result<void> {
                      if (begun) return write_all(response, bytes);
                      early += bytes;
                      return {};
                    }));
  response.start(200, content_type(wanted.format, encoder->rate()));
  begun = true;
  if (!early.empty()) {
    HEARTH_TRY(response.write(early));
  }
  while (!samples.empty()) {
    HEARTH_TRY(encoder->add(samples));
    HEARTH_TRY_ASSIGN(samples, reader.next());
  }
  return encoder->finish();
}

Result<FramesRequest> frames_request(const kit::Request& request) {
  FramesRequest wanted;
  if (const auto pages = request.query("pages"); pages && !pages->empty()) {
    HEARTH_TRY_ASSIGN(wanted.pages, PageList::parse(*pages));
  }
  HEARTH_TRY_ASSIGN(wanted.dpi, request.number("dpi", wanted.dpi, 1, 2400));
  HEARTH_TRY_ASSIGN(wanted.max_pixels, integer(request, "max_pixels", wanted.max_pixels, 1, 1'000'000'000));
  HEARTH_TRY_ASSIGN(wanted.every, request.number("every", wanted.every, 0.001, 1e7));
  HEARTH_TRY_ASSIGN(const auto frames, integer(request, "max_frames", wanted.max_frames, 1, 100'000));
  wanted.max_frames = static_cast<std::uint32_t>(frames);
  HEARTH_TRY_ASSIGN(const auto side, integer(request, "max_side", 0, 0, 100'000));
  wanted.max_side = static_cast<std::uint32_t>(side);
  wanted.password = request.header("X-Document-Password");
  return wanted;
}

Result<void> frames(const HandlerContext& context, kit::Request& request, kit::Response& response) {
  HEARTH_TRY_ASSIGN(const FramesRequest wanted, frames_request(request));
  HEARTH_TRY_ASSIGN(const kit::Body body, kit::Body::receive(request, context.options, kMaxBody));
  Watch watch = watch_of(request);
  FramesAnswer answer(response);
  return read_frames({body, wanted, watch, context.budget, answer});
}

Result<void> probe_into(const HandlerContext& context, kit::Request& request, kit::Response& response) {
  HEARTH_TRY_ASSIGN(const kit::Body body, kit::Body::receive(request, context.options, kMaxBody));
  Watch watch = watch_of(request);
  HEARTH_TRY_ASSIGN(const ProbeResult r, probe(body, watch));
  response.json(200, {{"kind", r.kind},
                      {"format", r.format},
                      {"duration", or_null(r.duration)},
                      {"pages", or_null(r.pages)},
                      {"width", or_null(r.width)},
                      {"height", or_null(r.height)},
                      {"audio_codec", or_null(r.audio_codec)},
                      {"video_codec", or_null(r.video_codec)}});
  return {};
}

void finish(kit::Response& response, const Result<void>& result) {
  if (!result) answer_error(response, result.error());
}

}  // namespace

void handle_probe(const HandlerContext& context, kit::Request& request, kit::Response& response) {
  finish(response, probe_into(context, request, response));
}

void handle_audio_decode(const HandlerContext& context, kit::Request& request, kit::Response& response) {
  finish(response, decode(context, request, response));
}

void handle_audio_encode(kit::Request& request, kit::Response& response) {
  finish(response, encode(request, response));
}

void handle_frames(const HandlerContext& context, kit::Request& request, kit::Response& response) {
  finish(response, frames(context, request, response));
}

}  // namespace hearth::media
