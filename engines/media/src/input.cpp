#include "input.h"

#include "errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hearth::media {
namespace {

constexpr int kIoBuffer = 64 * 1024;
constexpr unsigned kProbeBytes = 1 << 20;
constexpr int kMaxStreams = 64;
// Below this, FFmpeg's own guess is wrong as often as right, and any text is "media".
constexpr int kMinScore = AVPROBE_SCORE_MAX / 4;

// What people have. Left out on purpose: playlists and all that opens other files (hls, dash, concat, imf, sdp, rtp,
// image2), subtitles, SVG, synthesised music without an end, and game formats that nobody tests.
constexpr std::array<std::string_view, 92> kContainers{"aac",          "ac3",          "aiff",
                                                       "alaw",         "amr",          "amrnb",
                                                       "amrwb",        "ape",          "asf",
                                                       "au",           "av1",          "avi",
                                                       "caf",          "dsf",          "dts",
                                                       "dtshd",        "dv",           "eac3",
                                                       "flac",         "flv",          "gif",
                                                       "gsm",          "h261",         "h263",
                                                       "h264",         "hevc",         "ico",
                                                       "iff",          "ivf",          "kux",
                                                       "live_flv",     "m4v",          "matroska,webm",
                                                       "mjpeg",        "mlp",          "mov,mp4,m4a,3gp,3g2,mj2",
                                                       "mp3",          "mpc",          "mpc8",
                                                       "mpeg",         "mpegts",       "mpegvideo",
                                                       "mpjpeg",       "mulaw",        "mxf",
                                                       "nistsphere",   "nut",          "obu",
                                                       "ogg",          "oma",          "rm",
                                                       "shn",          "sox",          "spdif",
                                                       "swf",          "tak",          "truehd",
                                                       "tta",          "vc1",          "vc1test",
                                                       "voc",          "w64",          "wav",
                                                       "wtv",          "wv",           "xwma",
                                                       "yuv4mpegpipe", "bmp_pipe",     "dds_pipe",
                                                       "dpx_pipe",     "exr_pipe",     "j2k_pipe",
                                                       "jpeg_pipe",    "jpegls_pipe",  "jpegxl_pipe",
                                                       "pam_pipe",     "pbm_pipe",     "pcx_pipe",
                                                       "pfm_pipe",     "pgm_pipe",     "pgmyuv_pipe",
                                                       "phm_pipe",     "photocd_pipe", "png_pipe",
                                                       "ppm_pipe",     "psd_pipe",     "qoi_pipe",
                                                       "sgi_pipe",     "sunrast_pipe", "tiff_pipe",
                                                       "webp_pipe",    "xbm_pipe"};

bool is_known(std::string_view container) {
  return std::ranges::find(kContainers, container) != kContainers.end();
}

// A container that names other files gets none.
int open_nothing(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

}  // namespace

int Input::read_bytes(void* self, std::uint8_t* into, int size) {
  auto* input = static_cast<Input*>(self);
  if (input->watch_.should_stop()) return AVERROR_EXIT;
  const auto n =
      input->body_.read_at(input->position_, {reinterpret_cast<char*>(into), static_cast<std::size_t>(size)});
  if (!n) return AVERROR(EIO);
  if (*n == 0) return AVERROR_EOF;
  input->position_ += *n;
  return static_cast<int>(*n);
}

std::int64_t Input::seek(void* self, std::int64_t offset, int whence) {
  auto* input = static_cast<Input*>(self);
  const auto size = static_cast<std::int64_t>(input->body_.size());
  const int from = whence & ~AVSEEK_FORCE;
  if (from == AVSEEK_SIZE) return size;
  const std::int64_t base = from == SEEK_END   ? size
                            : from == SEEK_CUR ? static_cast<std::int64_t>(input->position_)
                                               : 0;
  std::int64_t to = 0;
  if (__builtin_add_overflow(base, offset, &to) || to < 0) return AVERROR(EINVAL);
  input->position_ = static_cast<std::uint64_t>(to);
  return to;
}

int Input::interrupted(void* self) {
  return static_cast<Input*>(self)->watch_.should_stop() ? 1 : 0;
}

Result<std::unique_ptr<Input>> Input::open(const kit::Body& body, Watch& watch, std::uint64_t max_pixels) {
  if (body.size() == 0) return fail(MediaErrc::empty_file, "the file is empty");
  std::unique_ptr<Input> input(new Input(body, watch));
  HEARTH_TRY(input->open_container(max_pixels));
  return input;
}

Result<void> Input::open_container(std::uint64_t max_pixels) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBuffer));
  if (buffer == nullptr) return fail_av(AVERROR(ENOMEM), "cannot read the file");
  io_.reset(avio_alloc_context(buffer, kIoBuffer, 0, this, read_bytes, nullptr, seek));

  const AVInputFormat* format = nullptr;
  const int score = av_probe_input_buffer2(io_.get(), &format, nullptr, nullptr, 0, kProbeBytes);
  if (score == AVERROR_EXIT) return fail_av(score, "cannot read the file");
  if (score < kMinScore || format == nullptr)
    return fail(MediaErrc::unsupported_media, "this is no audio, video, image or PDF file that can be read here");
  if (!is_known(format->name))
    return fail(MediaErrc::unsupported_media,
                fmt::format("files of the kind '{}' are not read: send the recording or picture itself", format->name));

  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return fail_av(AVERROR(ENOMEM), "cannot read the file");
  context->pb = io_.get();
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  context->io_open = open_nothing;
  context->interrupt_callback = {interrupted, this};
  context->max_streams = kMaxStreams;
  context->protocol_whitelist = av_strdup("");
  // On failure avformat_open_input() frees the context itself.
  const int opened = avformat_open_input(&context, "", format, nullptr);
  if (opened < 0) return fail_av(opened, "the file is damaged or cut off");
  context_.reset(context);

  std::vector<AVDictionary*> options(context->nb_streams, nullptr);
  for (AVDictionary*& o : options) av_dict_set_int(&o, "max_pixels", padded_pixels(max_pixels), 0);
  const int found = avformat_find_stream_info(context, options.empty() ? nullptr : options.data());
  for (AVDictionary*& o : options) av_dict_free(&o);
  if (found == AVERROR_EXIT || watch_.should_stop()) return fail_av(AVERROR_EXIT, "cannot read the file");
  if (context->nb_streams == 0)
    return fail(MediaErrc::corrupt_media, "the file is damaged or cut off: nothing is in it");
  return {};
}

bool Input::is_image() const {
  const std::string_view name = context_->iformat->name;
  return name.ends_with("_pipe") || name == "gif" || name == "ico";
}

std::optional<double> Input::stated_duration() const {
  if (context_->duration == AV_NOPTS_VALUE || context_->duration < 0) return std::nullopt;
  if (context_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return std::nullopt;
  return static_cast<double>(context_->duration) / AV_TIME_BASE;
}

AVStream* Input::best(AVMediaType type) const {
  const int index = av_find_best_stream(context_.get(), type, -1, -1, nullptr, 0);
  if (index < 0) return nullptr;
  AVStream* stream = context_->streams[index];
  return (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0 ? nullptr : stream;
}

Result<AvCodecContext> Input::open_decoder(AVStream* stream, std::uint64_t max_pixels) {
  const AVCodec* codec = avcodec_find_decoder(stream->codecpar->codec_id);
  if (codec == nullptr)
    return fail(MediaErrc::unsupported_media,
                fmt::format("there is no decoder for {}", avcodec_get_name(stream->codecpar->codec_id)));
  AvCodecContext decoder(avcodec_alloc_context3(codec));
  if (!decoder || avcodec_parameters_to_context(decoder.get(), stream->codecpar) < 0)
    return fail_av(AVERROR(ENOMEM), "cannot start the decoder");
  decoder->pkt_timebase = stream->time_base;
  decoder->thread_count = 1;  // requests run beside each other on the cores already
  decoder->max_pixels = padded_pixels(max_pixels);
  if (const int opened = avcodec_open2(decoder.get(), codec, nullptr); opened < 0)
    return fail_av(opened, fmt::format("the {} stream is damaged", codec->name));
  for (unsigned i = 0; i < context_->nb_streams; ++i)
    if (context_->streams[i] != stream) context_->streams[i]->discard = AVDISCARD_ALL;
  return decoder;
}

Result<bool> Input::read(const AVStream* stream, AVPacket* packet) {
  for (;;) {
    av_packet_unref(packet);
    const int got = av_read_frame(context_.get(), packet);
    if (watch_.should_stop()) return fail_av(AVERROR_EXIT, "cannot read the file");
    if (got == AVERROR(ENOMEM)) return fail_av(got, "cannot read the file");
    if (got < 0) return false;
    if (packet->stream_index == stream->index) return true;
  }
}

}  // namespace hearth::media
