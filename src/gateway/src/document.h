// A document or picture that a request names: a data URL in its body, or a file uploaded before.
#pragma once

#include "upload.h"

#include <hearth/dialects/data_url.h>

namespace hearth::gateway {

// invalid_data_url, empty_file, file_not_found; `param` is the field that named it.
net::awaitable<dialects::Decoded<Spooled>> open_document(Call& call, const dialects::DocumentSource& source,
                                                         std::string param);

}  // namespace hearth::gateway
