// A container opened by libavformat from a request's body, and nothing else: no other file, no protocol, no playlist.
#pragma once

#include "av.h"
#include "watch.h"

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <memory>
#include <optional>
#include <string>

namespace hearth::media {

class Input {
 public:
  // `body` and `watch` must outlive it. `max_pixels` bounds what reading the headers may decode. empty_file,
  // unsupported_media, corrupt_media, cancelled, resource_exhausted.
  static Result<std::unique_ptr<Input>> open(const kit::Body& body, Watch& watch, std::uint64_t max_pixels);
  ~Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] AVFormatContext* context() const { return context_.get(); }
  // libavformat's short name of the container ("wav", "mov,mp4,…").
  [[nodiscard]] std::string format() const { return context_->iformat->name; }
  [[nodiscard]] bool is_image() const;
  // Seconds, if the container says so; a guess from the bit rate is not one.
  [[nodiscard]] std::optional<double> stated_duration() const;
  [[nodiscard]] Watch& watch() const { return watch_; }

  // The best stream of a kind, or nullptr. Cover art is no video.
  [[nodiscard]] AVStream* best(AVMediaType type) const;
  // A decoder for `stream`, opened. All other streams are discarded from now on. unsupported_media, corrupt_media.
  Result<AvCodecContext> open_decoder(AVStream* stream, std::uint64_t max_pixels);
  // The next packet of `stream` into `packet`; false at the end. cancelled; errors of a damaged rest count as the end.
  Result<bool> read(const AVStream* stream, AVPacket* packet);

 private:
  Input(const kit::Body& body, Watch& watch) : body_(body), watch_(watch) {}
  static int read_bytes(void* self, std::uint8_t* into, int size);
  static std::int64_t seek(void* self, std::int64_t offset, int whence);
  static int interrupted(void* self);
  Result<void> open_container(std::uint64_t max_pixels);

  const kit::Body& body_;
  Watch& watch_;
  std::uint64_t position_ = 0;
  AvIo io_;  // freed after the context, which uses it
  AvInputContext context_;
};

}  // namespace hearth::media
