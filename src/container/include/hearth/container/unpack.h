// One layer of a container image (a tar, alone or packed by gzip or zstd) over what the layers below have left in a
// folder.
//
// Nothing is written outside of the folder, whatever the layer holds: links of the image are followed as inside of it.
// Blocks; one thread, and nobody else changes the folder meanwhile.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <filesystem>

namespace hearth::container {

struct UnpackLimits {
  std::uint64_t bytes = 0;    // of all files together, unpacked
  std::uint64_t entries = 0;  // files, folders and links
};
struct Unpacked {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t left_out = 0;  // device nodes, pipes, sockets
};

// Files belong to whoever unpacks and are readable by all; set-user-id bits, owners, times and extended attributes are
// left out. Whiteouts and opaque folders take away what lower layers left, never what this one brings.
// corrupt: it is no such archive, is cut off, or has paths that lead nowhere; too_large: past the limits;
// resource_exhausted: the disk is full; io_error, not_found.
Result<Unpacked> unpack_layer(const std::filesystem::path& layer, const std::filesystem::path& root,
                              const UnpackLimits& limits);

}  // namespace hearth::container
