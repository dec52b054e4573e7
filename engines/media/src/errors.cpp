#include "errors.h"

#include "av.h"

#include <fmt/format.h>

#include <array>

namespace hearth::media {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "media"; }
  std::string message(int code) const override {
    switch (static_cast<MediaErrc>(code)) {
      case MediaErrc::empty_file:
        return "empty_file";
      case MediaErrc::unsupported_media:
        return "unsupported_media";
      case MediaErrc::corrupt_media:
        return "corrupt_media";
      case MediaErrc::no_audio:
        return "no_audio";
      case MediaErrc::no_video:
        return "no_video";
      case MediaErrc::encrypted_pdf:
        return "encrypted_pdf";
      case MediaErrc::audio_too_long:
        return "audio_too_long";
      case MediaErrc::image_too_large:
        return "image_too_large";
      case MediaErrc::too_many_pages:
        return "too_many_pages";
      case MediaErrc::page_out_of_range:
        return "page_out_of_range";
    }
    return "unknown";
  }
};

const Category& category() {
  static const Category c;
  return c;
}

bool is_over_a_limit(MediaErrc code) {
  return code == MediaErrc::audio_too_long || code == MediaErrc::image_too_large || code == MediaErrc::too_many_pages;
}

}  // namespace

std::error_code make_error_code(MediaErrc e) noexcept {
  return {static_cast<int>(e), category()};
}

std::unexpected<Error> fail(MediaErrc code, std::string message) {
  return std::unexpected(Error(make_error_code(code), std::move(message)));
}

std::unexpected<Error> fail_av(int code, std::string_view what) {
  if (code == AVERROR_EXIT) return fail(Errc::cancelled, "the client left");
  if (code == AVERROR(ENOMEM))
    return fail(Errc::resource_exhausted, fmt::format("{}: this needs more memory than the engine may use", what));
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return fail(MediaErrc::corrupt_media, fmt::format("{}: {}", what, text.data()));
}

void answer_error(kit::Response& response, const Error& error) {
  if (response.started()) return response.abort();
  if (error.code().category() != category()) return response.error(error);
  const auto code = static_cast<MediaErrc>(error.code().value());
  response.error(is_over_a_limit(code) ? 413 : 400, error.code().message(), error.describe());
}

}  // namespace hearth::media
