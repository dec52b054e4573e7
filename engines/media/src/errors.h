// The media engine's own error codes, as docs/engine-protocol.md lists them.
#pragma once

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <string>
#include <string_view>
#include <system_error>

namespace hearth::media {

enum class MediaErrc {
  empty_file = 1,
  unsupported_media,  // nothing here reads this kind of file
  corrupt_media,      // a known kind, but nothing in it could be decoded
  no_audio,
  no_video,
  encrypted_pdf,
  audio_too_long,
  image_too_large,
  too_many_pages,
  page_out_of_range,
};

std::error_code make_error_code(MediaErrc e) noexcept;
std::unexpected<Error> fail(MediaErrc code, std::string message);
using hearth::fail;

// A failure of an FFmpeg call: `what` says what was attempted. corrupt_media as a rule; cancelled when the client left,
// resource_exhausted when memory ran out.
std::unexpected<Error> fail_av(int code, std::string_view what);

// Answers with the status and code that belong to `error`; cuts the answer off if it has begun.
void answer_error(kit::Response& response, const Error& error);

}  // namespace hearth::media

template <>
struct std::is_error_code_enum<hearth::media::MediaErrc> : std::true_type {};
