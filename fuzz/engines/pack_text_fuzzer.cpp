// What apt prints, recipes, and lock files.
#include "private_apt.h"

#include <hearth/engines/pack.h>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearth::engines;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto files = parse_uris(text)) {
    for (const PackFile& file : *files) {
      if (file.file.find('/') != std::string::npos || file.sha256.size() != 64) std::abort();
    }
  }
  if (const auto fraction = parse_download_status(text); fraction && !(*fraction >= 0 && *fraction <= 1)) std::abort();
  if (find_mirror(text).find('\n') != std::string::npos) std::abort();
  for (const std::string& name : parse_depends(text)) {
    if (name.empty()) std::abort();
  }
  if (explain_apt(text, {.suite = "s", .mirror = "m"}).message().empty()) std::abort();
  static_cast<void>(parse_recipe(text, "fuzz"));
  if (const auto lock = parse_lock(text)) {
    const auto again = parse_lock(format_lock(*lock));
    if (!again || !(*again == *lock) || pack_id(*again) != pack_id(*lock)) std::abort();
  }
  return 0;
}
