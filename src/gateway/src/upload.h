// multipart/form-data: the small fields in memory, one file in the spool.
#pragma once

#include "call.h"

#include <optional>
#include <string>
#include <vector>

namespace hearth::gateway {

struct UploadedFile {
  dialects::PartBegin part;
  Spooled content;
};

struct Upload {
  std::vector<dialects::FormField> fields;
  std::optional<UploadedFile> file;  // the part named `file_field`
};

// Reads the whole body. Other files in it are read over. The codes of dialects::MultipartParser,
// unsupported_content_type, request_timeout, body_incomplete, request_too_large, and what the spool says.
net::awaitable<dialects::Decoded<Upload>> receive_form(Call& call, std::string_view file_field);
bool is_multipart(const Call& call);
Spooled new_spooled(const Call& call);
// Decodes a data URL's base64 into the spool, on the pool. invalid_data_url with `param`.
net::awaitable<dialects::Decoded<Spooled>> spool_base64(Call& call, std::string_view payload, std::string param);

}  // namespace hearth::gateway
