// Any text through the rules: what comes out is UTF-8, bounded, and can go through again.
#include "text/normalise.h"
#include "text/script.h"

#include <hearth/core/utf8.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearth::speech;
  if (size < 1 || size > 20'000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (!hearth::is_utf8(text)) return 0;  // the engine refuses it before this point
  NormaliseFor rules;
  rules.latin = (data[0] & 1U) != 0 ? Rules::english : Rules::none;
  rules.han = (data[0] & 2U) != 0 ? Rules::chinese : Rules::none;
  rules.start = static_cast<Rules>((data[0] >> 2U) % 3);

  const std::string once = normalise(text, rules);
  if (!hearth::is_utf8(once) || once.size() > 256 + text.size() * 24) std::abort();
  const std::string twice = normalise(once, rules);
  if (!hearth::is_utf8(twice)) std::abort();

  std::size_t covered = 0;
  for (const Run& run : runs_by_script(once)) covered += run.text.size();
  if (covered != once.size()) std::abort();
  return 0;
}
