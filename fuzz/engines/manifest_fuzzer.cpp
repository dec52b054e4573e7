// engine.yaml comes from engine packs, which others may have made.
#include <hearth/engines/manifest.h>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = hearth::engines::parse_manifest(text, "engine.yaml", "/nonexistent/engine");
  if (manifest) {
    // What was accepted keeps its promises.
    if (manifest->name.empty() || manifest->models.empty() || manifest->memory == 0) std::abort();
    if (!manifest->program.string().starts_with("/nonexistent/engine/")) std::abort();
    if (!manifest->data.is_absolute()) std::abort();
  } else if (manifest.error().message().empty()) {
    std::abort();
  }
  return 0;
}
