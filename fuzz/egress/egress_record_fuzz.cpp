// Records of the egress ledger, as an altered database may hold them. What can be read was written in the one way there
// is.
#include <hearth/egress/record.h>

#include <cstdint>
#include <cstdlib>

namespace e = hearth::egress;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = e::decode(text);
  if (!record) return 0;
  const auto entry = e::encode(record->entry);
  if (!entry || e::join(record->previous, *entry) != text) std::abort();
  return 0;
}
