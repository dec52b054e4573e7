// Fields that name an image or document, in the shapes that OpenAI's and Mistral's clients use. Private to this room.
#pragma once

#include "src/json_reader.h"

#include <hearth/dialects/data_url.h>

namespace hearth::dialects {

// "<url>" or {"url": "<url>"}; the object may also be {"file_id": "…"}.
Decoded<DocumentSource> read_url_field(json::Value& value);
// "file_…"
Decoded<FileRef> read_file_id(json::Value& value);

}  // namespace hearth::dialects
