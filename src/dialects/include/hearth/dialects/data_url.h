// Data URLs (RFC 2397) and the other ways in which a request can name a document.
#pragma once

#include <hearth/dialects/api_error.h>

#include <string>
#include <string_view>
#include <variant>

namespace hearth::dialects {

// "data:application/pdf;base64,…" taken apart; views into the text.
struct DataUrl {
  std::string media_type;    // lower case, without parameters; "text/plain" if none was given
  std::string_view payload;  // base64 characters, not yet checked: decode them with Base64Decoder
  [[nodiscard]] std::size_t decoded_bound() const noexcept { return payload.size() / 4 * 3 + 3; }
};

// invalid_data_url; `param` is put into the error. Only base64 is accepted: documents and images are binary.
Decoded<DataUrl> parse_data_url(std::string_view text, std::string_view param);

// A file that was uploaded here.
struct FileRef {
  std::string id;
  friend bool operator==(const FileRef&, const FileRef&) = default;
};

using DocumentSource = std::variant<DataUrl, FileRef>;

// What a `*_url` field may hold: a data URL, the URL of a file uploaded to this box (any origin, path
// …/v1/files/{id}/content), or a file id. Another http(s) URL is remote_documents_disabled, the rest invalid_value.
Decoded<DocumentSource> parse_document_url(std::string_view text, std::string_view param);

// "file_" or "file-", then letters and digits, at most 64 characters.
bool is_file_id(std::string_view text) noexcept;

}  // namespace hearth::dialects
