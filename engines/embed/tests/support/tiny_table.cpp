#include "tiny_table.h"

#include "checksum.h"
#include "cl100k.h"

#include <cctype>
#include <cstring>
#include <memory>
#include <span>

namespace hearth::embed::test {
namespace {

template <typename T>
std::string raw(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// One block of 256 slots for each node's children: wasteful, and plainly right.
struct TinyTrie {
  std::vector<std::uint32_t> units = std::vector<std::uint32_t>(512);
  std::vector<std::uint16_t> values = std::vector<std::uint16_t>(512, kNoToken);

  void add(std::uint32_t node, std::string_view text, std::uint16_t row) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (units[node] >> 8U == 0) {
        units[node] |= static_cast<std::uint32_t>(units.size()) << 8U;
        units.resize(units.size() + 256);
        values.resize(units.size(), kNoToken);
      }
      node = (units[node] >> 8U) ^ byte;
      units[node] |= byte;
    }
    values[node] = row;
  }
};

}  // namespace

AlignedBytes::AlignedBytes(std::string_view bytes) : storage_(bytes.size() + 64), size_(bytes.size()) {
  void* at = storage_.data();
  std::size_t room = storage_.size();
  start_ = static_cast<std::byte*>(std::align(64, size_, at, room));
  std::memcpy(start_, bytes.data(), size_);
}

void AlignedBytes::seal() {
  const std::uint64_t sum = checksum(std::span<const std::byte>(start_, size_).subspan(kChecksumEnd));
  std::memcpy(start_ + 8, &sum, sizeof sum);
}

AlignedBytes tiny_table(std::uint32_t dims) {
  const std::vector<std::string> tokens{"[UNK]", "red", "green", "gr", "##een", "##s", "."};
  const auto rows = static_cast<std::uint32_t>(tokens.size());
  TinyTrie trie;
  trie.add(kWordRoot, "red", kRed);
  trie.add(kWordRoot, "green", kGreen);
  trie.add(kWordRoot, "gr", kGr);
  trie.add(kContinuationRoot, "een", kEen);
  trie.add(kContinuationRoot, "s", kS);
  trie.add(kWordRoot, ".", kDot);

  std::vector<CharRecord> records;
  std::vector<std::uint16_t> pages(3 * kCharPage, kCharDrop);  // the last one is for all that is not ASCII
  for (unsigned c = 0; c < 128; ++c) {
    if (c == ' ') pages[c] = kCharSpace;
    if (c == '!') pages[c] = kCharUnknownAlone;
    if (c == '0') pages[c] = kCharUnknownLetter;
    if (std::isalpha(static_cast<int>(c)) == 0 && c != '.') continue;
    CharRecord record{.bytes = 1, .chars = 1, .alone = static_cast<std::uint8_t>(c == '.'), .reserved = 0, .text = {}};
    record.text[0] = static_cast<char>(std::tolower(static_cast<int>(c)));
    pages[c] = static_cast<std::uint16_t>(kCharFirstRecord + records.size());
    records.push_back(record);
  }
  std::vector<std::uint16_t> index(kCodePoints / kCharPage, 2);
  index[0] = 0;
  index[1] = 1;

  std::vector<std::int8_t> weights(std::size_t{rows} * dims);
  std::vector<float> scales;
  std::vector<std::uint32_t> offsets{0};
  std::string strings;
  for (std::uint32_t r = 0; r < rows; ++r) {
    weights[std::size_t{r} * dims + r % dims] = 1;
    scales.push_back(static_cast<float>(r + 1));
    strings += tokens[r];
    offsets.push_back(static_cast<std::uint32_t>(strings.size()));
  }

  const std::array<std::string, kSections> sections{raw(weights),     raw(scales),  raw(trie.units),
                                                    raw(trie.values), raw(index),   raw(pages),
                                                    raw(records),     raw(offsets), strings};
  TableHeader header{};
  header.magic = kTableMagic;
  header.version = kTableVersion;
  header.header_bytes = sizeof(TableHeader);
  header.rows = rows;
  header.dims = dims;
  header.unknown_row = kUnk;
  header.max_word_chars = 100;
  std::memcpy(header.model.data(), "tiny", 4);
  std::string file(sizeof(TableHeader), '\0');
  for (std::size_t i = 0; i < kSections; ++i) {
    file.resize((file.size() + 63) / 64 * 64);
    header.sections[i] = {static_cast<std::uint32_t>(file.size()), static_cast<std::uint32_t>(sections[i].size())};
    file += sections[i];
  }
  header.file_bytes = file.size();
  std::memcpy(file.data(), &header, sizeof header);
  AlignedBytes table(file);
  table.seal();
  return table;
}

AlignedBytes tiny_cl100k(const std::vector<std::string>& tokens) {
  std::vector<std::uint32_t> starts;
  std::string lengths;
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i % Cl100kView::kBlock == 0) starts.push_back(static_cast<std::uint32_t>(text.size()));
    lengths.push_back(static_cast<char>(tokens[i].size()));
    text += tokens[i];
  }
  starts.push_back(static_cast<std::uint32_t>(text.size()));
  lengths.resize((lengths.size() + 3) / 4 * 4);
  Cl100kHeader header{};
  header.magic = {'H', 'C', 'L', '1', '0', '0', 'K', '\0'};
  header.version = 1;
  header.tokens = static_cast<std::uint32_t>(tokens.size());
  header.text_bytes = static_cast<std::uint32_t>(text.size());
  std::string file(sizeof header, '\0');
  std::memcpy(file.data(), &header, sizeof header);
  AlignedBytes bytes(file + raw(starts) + lengths + text);
  bytes.seal();
  return bytes;
}

}  // namespace hearth::embed::test
