// Any bytes as a page.
#include "check.h"
#include "src/markup.h"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace hearth::trim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string page = "<html>" + std::string(reinterpret_cast<const char*>(data), size);
  if (const auto text = page_to_markdown(page)) check(!text->empty() && text->size() < page.size());
  return 0;
}
