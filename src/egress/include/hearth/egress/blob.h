// One file whose digest is known, over HTTP: from front to back, going on where an earlier try ended.
#pragma once

#include <hearth/egress/document.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace hearth::egress {

struct Blob {
  std::string url;
  std::string bearer;
  // Gives a token when none, or not this one, is taken; gets what the answer asks with (WWW-Authenticate). May be
  // empty.
  std::function<Result<std::string>(std::string_view challenge)> renew_bearer = {};
  std::string sha256;
  std::uint64_t bytes = 0;
  std::string label;  // for messages
};

// Blocks until `place` is the whole, verified and synced file. What has come lies in PLACE.part and is kept on failure,
// unless it is not what was promised. Errors as Http::begin; corrupt: other bytes; resource_exhausted: the disk is
// full; cancelled; io_error.
Result<void> fetch_blob(const Asking& asking, Blob blob, const std::filesystem::path& place,
                        const std::function<void(std::uint64_t done)>& progress);

}  // namespace hearth::egress
