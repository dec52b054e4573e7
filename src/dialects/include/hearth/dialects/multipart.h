// An incremental multipart/form-data parser (RFC 7578 on RFC 2046). Bytes go in in any pieces, events come out; however
// the bytes are cut, the events are the same but for where data is split.
//
//   MultipartParser parser(boundary, limits);
//   while (read some bytes) {
//     parser.feed(bytes);
//     for (;;) {
//       auto event = parser.next();          // Decoded<std::optional<MultipartEvent>>
//       if (!event) …error; if (!*event) break;   // nothing more in what was fed so far
//     }
//   }
//   parser.finish();                         // fails if the closing boundary has not come
//
// Lines end with CRLF, as the standard wants. What stands before the first boundary is skipped (within a bound), what
// follows the last is ignored.
#pragma once

#include <hearth/dialects/api_error.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace hearth::dialects {

struct MultipartLimits {
  std::size_t max_parts = 64;
  std::size_t max_header_bytes = 8192;                      // of one part's headers
  std::size_t max_field_bytes = 64 << 10;                   // of a part that is no file
  std::uint64_t max_file_bytes = std::uint64_t{200} << 20;  // of a part that is a file
  std::size_t max_preamble_bytes = 4096;
};

struct PartBegin {
  std::string name;                     // valid UTF-8, not empty
  std::optional<std::string> filename;  // without folders and control characters; never to be used as a path
  std::string content_type;             // as sent; empty if absent
  // A part with a file name, or with a content type that is no text.
  [[nodiscard]] bool is_file() const;
  friend bool operator==(const PartBegin&, const PartBegin&) = default;
};
struct PartData {
  std::string_view bytes;  // not empty; valid until the next feed()
};
struct PartEnd {};
struct FormEnd {};  // the closing boundary has come
using MultipartEvent = std::variant<PartBegin, PartData, PartEnd, FormEnd>;

// The boundary of a Content-Type header's value. unsupported_content_type if it is not multipart/form-data;
// invalid_multipart if the boundary is missing, empty, longer than 70 characters or has characters that are not
// allowed.
Decoded<std::string> multipart_boundary(std::string_view content_type);

class MultipartParser {
 public:
  // `boundary`: as multipart_boundary() gave it.
  explicit MultipartParser(std::string_view boundary, MultipartLimits limits = {});

  // Only once next() has returned nullopt for what was fed before.
  void feed(std::string_view bytes);
  // The next event, or nullopt when more bytes are needed. After an error it returns the same error again.
  // invalid_multipart, invalid_utf8, request_too_large, array_above_max_length (too many parts).
  Decoded<std::optional<MultipartEvent>> next();
  // The body has ended: body_incomplete unless the closing boundary has come.
  [[nodiscard]] Decoded<void> finish() const;

 private:
  enum class State { preamble, headers, data, epilogue, failed };

  std::unexpected<ApiError> fail(ApiError error);
  Decoded<std::optional<MultipartEvent>> step_preamble();
  Decoded<std::optional<MultipartEvent>> step_headers();
  Decoded<std::optional<MultipartEvent>> step_data();
  Decoded<std::optional<MultipartEvent>> emit_data(std::size_t length);

  std::string delimiter_;  // CRLF "--" boundary
  MultipartLimits limits_;
  State state_ = State::preamble;
  std::string buffer_;  // what was fed and is not yet consumed starts at at_
  std::size_t at_ = 0;
  std::size_t parts_ = 0;
  std::string part_name_;
  bool part_is_file_ = false;
  std::uint64_t part_bytes_ = 0;
  bool at_part_start_ = false;  // at_ is at the empty line's CRLF, which may begin the delimiter
  bool form_ends_ = false;      // the closing boundary was seen
  bool done_ = false;           // and FormEnd was given
  std::optional<ApiError> error_;
};

// A form's small fields, as a decoder takes them.
struct FormField {
  std::string name;
  std::string value;
};

}  // namespace hearth::dialects
