// The kernel's tables of routes: the names in them become paths of files.
#include <hearth/egress/link_facts.h>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& names : {hearth::egress::default_routes_v4(text), hearth::egress::default_routes_v6(text)})
    for (const std::string& name : names)
      if (name.empty() || name.size() > 15 || name.find('/') != std::string::npos || name == ".." || name == ".")
        std::abort();
  return 0;
}
