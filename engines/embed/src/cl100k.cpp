#include "cl100k.h"

#include "checksum.h"

#include <fmt/format.h>

#include <bit>

namespace hearth::embed {
namespace {

constexpr std::array<char, 8> kMagic{'H', 'C', 'L', '1', '0', '0', 'K', '\0'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kMaxTokens = 1U << 20U;
constexpr std::size_t kMaxFile = 64U << 20U;
constexpr std::size_t kChecksumEnd = 16;

static_assert(std::endian::native == std::endian::little, "the data files are mapped as they are");

std::unexpected<Error> corrupt(std::string what) {
  return fail(Errc::corrupt, "the token vocabulary is damaged (" + std::move(what) + "): install the package again");
}

}  // namespace

Result<Cl100kView> Cl100kView::parse(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(Cl100kHeader)) return corrupt(fmt::format("{} bytes are too few", bytes.size()));
  const auto& header = *reinterpret_cast<const Cl100kHeader*>(bytes.data());
  if (header.magic != kMagic) return corrupt("it does not begin like one");
  if (header.version != kVersion) return corrupt(fmt::format("format {}, not {}", header.version, kVersion));
  if (header.tokens == 0 || header.tokens > kMaxTokens || header.text_bytes > kMaxFile) return corrupt("its size");
  const std::size_t blocks = (std::size_t{header.tokens} + kBlock - 1) / kBlock;
  const std::size_t starts_bytes = (blocks + 1) * sizeof(std::uint32_t);
  const std::size_t lengths_bytes = (std::size_t{header.tokens} + 3) / 4 * 4;
  const std::size_t expected = sizeof(Cl100kHeader) + starts_bytes + lengths_bytes + header.text_bytes;
  if (bytes.size() != expected)
    return corrupt(fmt::format("it has {} bytes and should have {}", bytes.size(), expected));
  if (header.checksum != checksum(bytes.subspan(kChecksumEnd))) return corrupt("its checksum is wrong");

  Cl100kView view;
  const std::byte* at = bytes.data() + sizeof(Cl100kHeader);
  view.starts_ = {reinterpret_cast<const std::uint32_t*>(at), blocks + 1};
  view.lengths_ = {reinterpret_cast<const std::uint8_t*>(at + starts_bytes), header.tokens};
  view.text_ = {reinterpret_cast<const char*>(at + starts_bytes + lengths_bytes), header.text_bytes};
  std::size_t total = 0;
  for (std::uint32_t id = 0; id < header.tokens; ++id) {
    if (id % kBlock == 0 && view.starts_[id / kBlock] != total) return corrupt("a block's start");
    total += view.lengths_[id];
  }
  if (total != header.text_bytes || view.starts_.back() != total) return corrupt("its tokens' lengths");
  return view;
}

std::optional<std::string_view> Cl100kView::text(std::uint64_t id) const noexcept {
  if (id >= lengths_.size()) return std::nullopt;
  const auto index = static_cast<std::size_t>(id);
  std::size_t start = starts_[index / kBlock];
  for (std::size_t i = index / kBlock * kBlock; i < index; ++i) start += lengths_[i];
  return text_.substr(start, lengths_[index]);
}

Result<Cl100k> Cl100k::open(const std::filesystem::path& path) {
  HEARTH_TRY_ASSIGN(MappedFile file, MappedFile::open(path, kMaxFile));
  auto view = Cl100kView::parse(file.bytes());
  if (!view) return fail(view.error().wrap(path.string()));
  return Cl100k(std::move(file), *view);
}

}  // namespace hearth::embed
