// The files API, as far as OCR and detection need it: OpenAI's file object with the keys that Mistral's clients ask
// for.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/multipart.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hearth::dialects {

// POST /v1/files: the form's fields but for the file.
struct FileUploadForm {
  std::string purpose;                                // OpenAI's or Mistral's ("ocr", "user_data", "vision", …)
  std::optional<std::int64_t> expires_after_seconds;  // expires_after[seconds], 3600 to 2592000
};
Decoded<FileUploadForm> decode_file_upload(std::span<const FormField> fields);

struct FileObject {
  std::string id;
  std::uint64_t bytes = 0;
  std::int64_t created_at = 0;  // seconds since 1970
  std::string filename;
  std::string purpose;
  std::string media_type;  // empty if unknown
  std::optional<std::int64_t> expires_at;
};
std::string encode_file(const FileObject& file);
std::string encode_file_list(std::span<const FileObject> files);
std::string encode_file_deleted(std::string_view id);

// GET /v1/files/{id}/url (Mistral): {"url": …}. Clients send that URL back as document_url.
std::string encode_file_url(std::string_view url);
// "{base}/v1/files/{id}/content"; `base` is the box's own origin as the client sees it ("http://box.local:8080").
std::string own_file_url(std::string_view base, std::string_view id);

}  // namespace hearth::dialects
