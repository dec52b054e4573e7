// Packs from container images: an OCI registry's layers, fetched by digest and unpacked in a sandbox.
//
// Blocks; as pack_install.h.
#pragma once

#include <hearth/core/error.h>
#include <hearth/egress/http.h>
#include <hearth/engines/pack.h>
#include <hearth/engines/sandbox.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace hearth::engines {

// "0 to 1" of this step, and in words.
using OnFraction = std::function<void(double fraction, std::uint64_t bytes)>;

class ImageSource {
 public:
  // `image`: as egress::parse_image_name() takes it. invalid_argument; internal: libcurl cannot be initialised.
  static Result<std::unique_ptr<ImageSource>> open(const std::string& image, const std::string& arch,
                                                   egress::Connect connect, std::stop_token stop);
  virtual ~ImageSource() = default;
  // The image in one way of writing it: "registry.example/name:tag".
  [[nodiscard]] virtual std::string name() const = 0;
  // What the image is made of now: its layers in order, and the digest of its manifest. unavailable, not_found (no such
  // image, or none for this machine), unsupported (no container image), permission_denied, corrupt, cancelled.
  virtual Result<PackLock> resolve(const std::string& pack) = 0;
  // Fetches the layers of `lock` that are not there into `folder`. As resolve(), and resource_exhausted (disk).
  virtual Result<void> fetch(const PackLock& lock, const std::filesystem::path& folder, const OnFraction& progress) = 0;
};

// Unpacks the layers of `lock`, which lie in `folder`, over each other into `root`, by hearth-unpack in a sandbox.
// corrupt, too_large (more than `bytes`), resource_exhausted, not_found (no hearth-unpack), cancelled,
// failed_precondition (no sandbox).
Result<void> unpack_image(const PackLock& lock, const std::filesystem::path& folder, const std::filesystem::path& root,
                          std::uint64_t bytes, const Containment& containment, const OnFraction& progress,
                          const std::stop_token& stop);

// Makes what an engine's sandbox is put on (folders that must not be links), and a link for each of the recipe's
// programs that the image has elsewhere. unsupported: the image has something else there.
Result<void> fit_out_image(const std::filesystem::path& root, const Recipe& recipe);

}  // namespace hearth::engines
