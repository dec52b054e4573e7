// Whatever hearth.yaml holds: the loader gives a configuration or a sentence, and what it accepts it can render.
#include <hearth/config/config.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = hearth::config::parse(text, "input");
  if (config) {
    if (hearth::config::render(*config).empty()) std::abort();
  } else if (config.error().message().empty()) {
    std::abort();
  }
  return 0;
}
