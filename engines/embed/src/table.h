// The embedding table: vocabulary, weights and the structures for looking words up, mapped from one file.
#pragma once

#include "mapped_file.h"
#include "table_format.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace hearth::embed {

// Views into a table's bytes. Everything an index in it can reach was checked by parse(), so lookups check nothing.
// Immutable; any thread.
class TableView {
 public:
  using Id = std::uint16_t;  // a row
  static constexpr Id kNone = kNoToken;

  // `bytes` must be aligned to 64 and outlive the view. corrupt, with what is wrong.
  static Result<TableView> parse(std::span<const std::byte> bytes);

  [[nodiscard]] std::uint32_t rows() const noexcept { return header_->rows; }
  [[nodiscard]] std::uint32_t dims() const noexcept { return header_->dims; }
  [[nodiscard]] std::uint32_t unknown_row() const noexcept { return header_->unknown_row; }
  [[nodiscard]] std::uint32_t max_word_chars() const noexcept { return header_->max_word_chars; }
  [[nodiscard]] std::string_view model() const noexcept;
  // A row's token, as the vocabulary writes it ("##ing").
  [[nodiscard]] std::string_view token(std::uint32_t row) const noexcept;

  [[nodiscard]] const std::int8_t* weights(std::uint32_t row) const noexcept {
    return weights_.data() + std::size_t{row} * header_->dims;
  }
  [[nodiscard]] float scale(std::uint32_t row) const noexcept { return scales_[row]; }

  // What becomes of a code point (below 0x110000): a CharCode.
  [[nodiscard]] std::uint16_t char_code(std::uint32_t code_point) const noexcept {
    return char_pages_[char_index_[code_point / kCharPage] * kCharPage + code_point % kCharPage];
  }
  [[nodiscard]] const CharRecord& char_record(std::uint16_t code) const noexcept {
    return char_records_[static_cast<std::size_t>(code - kCharFirstRecord)];
  }

  // The child of trie node `node` by `byte`; 0 if there is none. Nodes are kWordRoot, kContinuationRoot and what this
  // returns.
  [[nodiscard]] std::uint32_t trie_child(std::uint32_t node, unsigned char byte) const noexcept {
    const std::uint32_t child = (trie_units_[node] >> 8U) ^ byte;
    return (trie_units_[child] & 0xFFU) == byte ? child : 0;
  }
  // The row of the token that ends in `node`, or kNoToken.
  [[nodiscard]] std::uint16_t trie_value(std::uint32_t node) const noexcept { return trie_values_[node]; }

 private:
  template <typename T>
  Result<std::span<const T>> section(Section which, std::string_view name) const;
  Result<void> check_sizes() const;
  Result<void> check_trie() const;
  Result<void> check_chars() const;
  Result<void> check_strings() const;

  std::span<const std::byte> bytes_;
  const TableHeader* header_ = nullptr;
  std::span<const std::int8_t> weights_;
  std::span<const float> scales_;
  std::span<const std::uint32_t> trie_units_;
  std::span<const std::uint16_t> trie_values_;
  std::span<const std::uint16_t> char_index_;
  std::span<const std::uint16_t> char_pages_;
  std::span<const CharRecord> char_records_;
  std::span<const std::uint32_t> string_offsets_;
  std::span<const char> strings_;
};

// A table and the file it lies in.
class Table {
 public:
  // not_found, io_error, too_large, corrupt.
  static Result<Table> open(const std::filesystem::path& path);
  [[nodiscard]] const TableView& view() const noexcept { return view_; }

 private:
  Table(MappedFile file, const TableView& view) : file_(std::move(file)), view_(view) {}
  MappedFile file_;
  TableView view_;
};

}  // namespace hearth::embed
