#include "table.h"

#include "checksum.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::embed {
namespace {

constexpr float kMinScale = 1e-12F;
constexpr float kMaxScale = 1e6F;

std::unexpected<Error> corrupt(std::string what) {
  return fail(Errc::corrupt, "the embedding table is damaged (" + std::move(what) + "): install the package again");
}

}  // namespace

template <typename T>
Result<std::span<const T>> TableView::section(Section which, std::string_view name) const {
  const SectionSpan at = header_->sections[static_cast<std::size_t>(which)];
  const bool inside =
      at.offset >= sizeof(TableHeader) && at.offset <= bytes_.size() && at.bytes <= bytes_.size() - at.offset;
  if (!inside || at.offset % 64 != 0 || at.bytes % sizeof(T) != 0)
    return corrupt(fmt::format("section {} at {}, {} bytes, is not inside the file", name, at.offset, at.bytes));
  // The mapping and the offset are aligned, and these are plain integers and floats.
  return std::span<const T>(reinterpret_cast<const T*>(bytes_.data() + at.offset), at.bytes / sizeof(T));
}

Result<TableView> TableView::parse(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(TableHeader))
    return corrupt(fmt::format("{} bytes are too few for its header", bytes.size()));
  TableView table;
  table.bytes_ = bytes;
  table.header_ = reinterpret_cast<const TableHeader*>(bytes.data());
  const TableHeader& header = *table.header_;
  if (header.magic != kTableMagic) return corrupt("it does not begin like one");
  if (header.version != kTableVersion || header.header_bytes != sizeof(TableHeader))
    return corrupt(fmt::format("format {}, this engine reads format {}", header.version, kTableVersion));
  if (header.file_bytes != bytes.size())
    return corrupt(fmt::format("it has {} bytes and should have {}", bytes.size(), header.file_bytes));
  if (header.checksum != checksum(bytes.subspan(kChecksumEnd))) return corrupt("its checksum is wrong");

  HEARTH_TRY_ASSIGN(table.weights_, table.section<std::int8_t>(Section::weights, "weights"));
  HEARTH_TRY_ASSIGN(table.scales_, table.section<float>(Section::scales, "scales"));
  HEARTH_TRY_ASSIGN(table.trie_units_, table.section<std::uint32_t>(Section::trie_units, "trie_units"));
  HEARTH_TRY_ASSIGN(table.trie_values_, table.section<std::uint16_t>(Section::trie_values, "trie_values"));
  HEARTH_TRY_ASSIGN(table.char_index_, table.section<std::uint16_t>(Section::char_index, "char_index"));
  HEARTH_TRY_ASSIGN(table.char_pages_, table.section<std::uint16_t>(Section::char_pages, "char_pages"));
  HEARTH_TRY_ASSIGN(table.char_records_, table.section<CharRecord>(Section::char_records, "char_records"));
  HEARTH_TRY_ASSIGN(table.string_offsets_, table.section<std::uint32_t>(Section::string_offsets, "string_offsets"));
  HEARTH_TRY_ASSIGN(table.strings_, table.section<char>(Section::strings, "strings"));
  HEARTH_TRY(table.check_sizes());
  HEARTH_TRY(table.check_trie());
  HEARTH_TRY(table.check_chars());
  HEARTH_TRY(table.check_strings());
  return table;
}

Result<void> TableView::check_sizes() const {
  const TableHeader& h = *header_;
  if (h.rows == 0 || h.rows >= kNoToken) return corrupt(fmt::format("{} rows", h.rows));
  if (h.dims == 0 || h.dims > kMaxDims) return corrupt(fmt::format("{} dimensions", h.dims));
  if (h.unknown_row >= h.rows) return corrupt("its unknown token is no row");
  if (h.max_word_chars == 0 || h.max_word_chars > 1000) return corrupt("its longest word");
  if (weights_.size() != std::size_t{h.rows} * h.dims || scales_.size() != h.rows)
    return corrupt("weights and scales do not fit its rows");
  // Within these, sums and their lengths stay within a float's range whatever the text.
  const auto sane = [](float s) { return s == 0 || (s >= kMinScale && s <= kMaxScale); };
  if (!std::ranges::all_of(scales_, sane)) return corrupt("a scale is out of range");
  const std::string_view padded(h.model.data(), h.model.size());
  if (padded.find('\0') == std::string_view::npos || padded.front() == '\0') return corrupt("its model's name");
  return {};
}

Result<void> TableView::check_trie() const {
  const std::size_t units = trie_units_.size();
  if (units < 512 || units % 256 != 0 || trie_values_.size() != units) return corrupt("its trie's size");
  // Units come in blocks of 256, so a base inside the array keeps base ^ byte inside too.
  if (!std::ranges::all_of(trie_units_, [&](std::uint32_t unit) { return (unit >> 8U) < units; }))
    return corrupt("its trie points outside itself");
  // trie_child()'s 0 means "none": no child may be there.
  if ((trie_units_[0] & 0xFFU) != 0) return corrupt("its trie's first unit is in use");
  if (!std::ranges::all_of(trie_values_, [&](std::uint16_t v) { return v == kNoToken || v < header_->rows; }))
    return corrupt("its trie names a row that is not there");
  return {};
}

Result<void> TableView::check_chars() const {
  const std::size_t pages = char_pages_.size() / kCharPage;
  if (char_index_.size() != kCodePoints / kCharPage || char_pages_.size() % kCharPage != 0)
    return corrupt("its character map's size");
  if (!std::ranges::all_of(char_index_, [&](std::uint16_t page) { return page < pages; }))
    return corrupt("its character map points outside itself");
  const std::size_t codes = kCharFirstRecord + char_records_.size();
  if (!std::ranges::all_of(char_pages_, [&](std::uint16_t code) { return code < codes; }))
    return corrupt("its character map names a record that is not there");
  for (const CharRecord& r : char_records_) {
    if (r.bytes == 0 || r.bytes > r.text.size() || r.chars == 0 || r.chars > r.bytes || r.alone > 1)
      return corrupt("a character's record");
  }
  return {};
}

Result<void> TableView::check_strings() const {
  if (string_offsets_.size() != std::size_t{header_->rows} + 1 || !std::ranges::is_sorted(string_offsets_) ||
      string_offsets_.back() != strings_.size())
    return corrupt("its vocabulary's offsets");
  return {};
}

std::string_view TableView::model() const noexcept {
  return header_->model.data();  // check_sizes() found its NUL
}

std::string_view TableView::token(std::uint32_t row) const noexcept {
  return {strings_.data() + string_offsets_[row], string_offsets_[row + 1] - string_offsets_[row]};
}

Result<Table> Table::open(const std::filesystem::path& path) {
  HEARTH_TRY_ASSIGN(MappedFile file, MappedFile::open(path, kMaxTableBytes));
  auto view = TableView::parse(file.bytes());
  if (!view) return fail(view.error().wrap(path.string()));
  return Table(std::move(file), *view);
}

}  // namespace hearth::embed
