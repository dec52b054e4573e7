// The table's reader and what walks it. The input is a list of changes to a sound table: 4 bytes of offset, 1 of value;
// the checksum is made to fit afterwards, so what is tested is the checks behind it. A table that is accepted must then
// tokenise and embed without reaching outside itself.
#include "embedder.h"
#include "support/tiny_table.h"

#include <array>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearth::embed;
  static const test::AlignedBytes kSound = test::tiny_table();
  test::AlignedBytes table(std::string_view(reinterpret_cast<const char*>(kSound.view().data()), kSound.view().size()));
  const auto bytes = table.bytes();
  for (; size >= 5; data += 5, size -= 5) {
    std::uint32_t offset = 0;
    std::memcpy(&offset, data, 4);
    bytes[offset % bytes.size()] = static_cast<std::byte>(data[4]);
  }
  if (size > 0) table.truncate(bytes.size() - data[0]);
  table.seal();
  const auto view = TableView::parse(table.bytes());
  if (!view) return 0;
  Embedder embedder(*view);
  std::vector<Component> vector(view->dims());
  embedder.embed("Red greens. grs redder! 0 \xEA\xB0\x81 \xC3\xA9\xF0\x9F\x98\x80 \xFF", vector);
  for (std::uint32_t row = 0; row < view->rows(); ++row)
    if (view->token(row).size() > table.bytes().size()) std::abort();
  return 0;
}
