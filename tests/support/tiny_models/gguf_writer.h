// Writes GGUF files for tests, from the format's description: good ones and, on request, bad ones.
#pragma once

#include <hearth/core/error.h>

#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::fixtures {

enum class GgmlType : std::uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q8_0 = 8 };
// Bytes of `elements` numbers, a multiple of the type's block (32 for the quantised ones).
std::uint64_t stored_bytes(GgmlType type, std::uint64_t elements);
// `row` as that type stores it.
std::string encode(GgmlType type, std::span<const float> row);

// A row of a tensor: `row` is its number, `out` has the tensor's first dimension.
using RowMaker = std::function<void(std::uint64_t row, std::span<float> out)>;

class GgufWriter {
 public:
  explicit GgufWriter(std::uint32_t version = 3, std::uint32_t alignment = 32)
      : version_(version), alignment_(alignment) {}

  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
  void add(std::string_view key, bool value);
  void add(std::string_view key, float value);
  void add(std::string_view key, std::uint32_t value);
  void add(std::string_view key, std::uint16_t value);
  void add(std::string_view key, std::span<const std::string> values);
  void add(std::string_view key, std::span<const float> values);
  void add(std::string_view key, std::span<const std::int32_t> values);
  // A value of any type: its number and the bytes after it.
  void add_raw(std::string_view key, std::uint32_t type, std::string_view bytes);

  // `dimensions`, the fastest first.
  void tensor(std::string name, std::vector<std::uint64_t> dimensions, GgmlType type, RowMaker rows);

  // Everything up to the first tensor's data.
  [[nodiscard]] std::string header() const;
  // The whole file in memory.
  [[nodiscard]] std::string bytes() const;
  // The same in `count` files, as llama.cpp splits them: the first has all but the others' tensors.
  [[nodiscard]] std::vector<std::string> split(std::uint16_t count) const;
  // The file, a row at a time. io_error.
  Result<void> write(const std::filesystem::path& path) const;

 private:
  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> dimensions;
    GgmlType type;
    RowMaker rows;
    std::uint64_t offset;
  };
  [[nodiscard]] std::uint64_t padded(std::uint64_t size) const {
    return (size + alignment_ - 1) / alignment_ * alignment_;
  }
  Result<void> write_data(const std::function<Result<void>(std::string_view)>& sink) const;

  std::uint32_t version_;
  std::uint32_t alignment_;
  std::uint64_t keys_ = 0;
  std::string metadata_;
  std::vector<Tensor> tensors_;
  std::uint64_t data_size_ = 0;
};

// Little-endian bytes of a number, for add_raw() and damaged files.
template <typename T>
  requires std::integral<T> || std::floating_point<T>
std::string little(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}
// A text as GGUF stores it: its length, then its bytes.
std::string gguf_text(std::string_view text);

}  // namespace hearth::fixtures
