// Random identifiers and secrets, from libsodium's generator. Any thread.
#pragma once

#include <cstddef>
#include <string>

namespace hearth {

// `prefix` + 24 lower-case letters and digits (124 bits): "req_…", "file_…".
std::string new_id(std::string_view prefix);
// `bytes` random bytes in URL-safe base64 without padding.
std::string new_secret(std::size_t bytes);
std::string to_hex(std::string_view bytes);
// SHA-256 of `data` in hex.
std::string sha256_hex(std::string_view data);

}  // namespace hearth
