// Any bytes as a text: findings lie in it, in order, and none overlaps another; the work is linear.
#include "check.h"

#include <hearth/privacy/detectors.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const privacy::Detectors detectors =
      *privacy::Detectors::create(std::vector<privacy::Pattern>{{"mark", "(?i)mark-[a-z0-9]+", DataClass::internal}});
  // The first line is the key that the text stands under.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(std::min(line + 1, input.size()));
  const privacy::Scan scan = detectors.scan(text, input.substr(0, line));
  std::size_t end = 0;
  DataClass highest = DataClass::open;
  for (const privacy::Finding& finding : scan.findings) {
    check(finding.length > 0 && finding.offset >= end && finding.offset + finding.length <= text.size());
    end = finding.offset + finding.length;
    highest = join(highest, finding.data_class);
  }
  check(highest == scan.highest);
  check(scan.work <= 100 * size + 10'000);
  return 0;
}
