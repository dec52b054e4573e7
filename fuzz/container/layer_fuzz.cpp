// A layer of a container image, as bytes: it may be refused, but whatever it holds, nothing beside the root changes.
#include <hearth/container/unpack.h>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace fs = std::filesystem;

namespace {

// /dev/shm, for it is done a thousand times a second.
const fs::path& folder() {
  static const fs::path made = [] {
    std::string name = fs::exists("/dev/shm") ? "/dev/shm/hearth_layer.XXXXXX" : "/tmp/hearth_layer.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    fs::create_directory(fs::path(name) / "outside");
    std::atexit([] {
      std::error_code ec;
      fs::remove_all(folder(), ec);
    });
    return fs::path(name);
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int layer = ::memfd_create("layer", MFD_CLOEXEC);
  if (layer < 0 || ::write(layer, data, size) != static_cast<ssize_t>(size)) std::abort();
  const fs::path root = folder() / "root";
  fs::create_directory(root);
  const auto done = hearth::container::unpack_layer("/proc/self/fd/" + std::to_string(layer), root,
                                                    {.bytes = 1 << 16, .entries = 64});
  ::close(layer);
  if (done && (done->bytes > 1 << 16 || done->entries > 64)) std::abort();
  if (!done && done.error().message().empty()) std::abort();
  std::error_code ec;
  fs::remove_all(root, ec);
  if (std::distance(fs::directory_iterator(folder()), {}) != 1 || !fs::is_empty(folder() / "outside")) std::abort();
  return 0;
}
