#include "gguf_writer.h"

#include <hearth/core/file.h>

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>

namespace hearth::fixtures {
namespace {

constexpr std::size_t kBlock = 32;

// The nearest half-precision number; what is out of its range is not asked for.
std::uint16_t to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const int exponent = static_cast<int>((bits >> 23) & 0xFFu) - 127 + 15;
  std::uint32_t mantissa = (bits & 0x7FFFFFu) | 0x800000u;
  if (exponent >= 31) return static_cast<std::uint16_t>(sign | 0x7BFFu);
  if (exponent < -10) return static_cast<std::uint16_t>(sign);
  if (exponent <= 0) {
    const int shift = 14 - exponent;
    mantissa = (mantissa + (1u << (shift - 1))) >> shift;
    return static_cast<std::uint16_t>(sign | mantissa);
  }
  const std::uint32_t rounded =
      (static_cast<std::uint32_t>(exponent) << 10) + (((mantissa & 0x7FFFFFu) + 0x1000u) >> 13);
  return static_cast<std::uint16_t>(sign | std::min(rounded, 0x7BFFu));
}

void encode_q8_0(std::span<const float> block, std::string& out) {
  float largest = 0;
  for (const float v : block) largest = std::max(largest, std::fabs(v));
  const float scale = largest / 127.0F;
  out += little(to_half(scale));
  for (const float v : block)
    out.push_back(static_cast<char>(scale > 0 ? std::clamp(std::lround(v / scale), -127L, 127L) : 0));
}

void encode_q4_0(std::span<const float> block, std::string& out) {
  float extreme = 0;
  for (const float v : block) {
    if (std::fabs(v) > std::fabs(extreme)) extreme = v;
  }
  const float scale = extreme / -8.0F;
  out += little(to_half(scale));
  const auto nibble = [&](float v) {
    return static_cast<unsigned>(std::clamp(scale != 0 ? std::lround(v / scale) + 8 : 8L, 0L, 15L));
  };
  for (std::size_t i = 0; i < kBlock / 2; ++i)
    out.push_back(static_cast<char>(nibble(block[i]) | (nibble(block[i + kBlock / 2]) << 4u)));
}

}  // namespace

std::uint64_t stored_bytes(GgmlType type, std::uint64_t elements) {
  switch (type) {
    case GgmlType::f32:
      return elements * 4;
    case GgmlType::f16:
      return elements * 2;
    case GgmlType::q4_0:
      return elements / kBlock * 18;
    case GgmlType::q8_0:
      return elements / kBlock * 34;
  }
  return 0;
}

std::string encode(GgmlType type, std::span<const float> row) {
  std::string out;
  out.reserve(stored_bytes(type, row.size()));
  switch (type) {
    case GgmlType::f32:
      out.assign(reinterpret_cast<const char*>(row.data()), row.size_bytes());
      break;
    case GgmlType::f16:
      for (const float v : row) out += little(to_half(v));
      break;
    case GgmlType::q4_0:
      for (std::size_t i = 0; i + kBlock <= row.size(); i += kBlock) encode_q4_0(row.subspan(i, kBlock), out);
      break;
    case GgmlType::q8_0:
      for (std::size_t i = 0; i + kBlock <= row.size(); i += kBlock) encode_q8_0(row.subspan(i, kBlock), out);
      break;
  }
  return out;
}

std::string gguf_text(std::string_view text) {
  return little(std::uint64_t{text.size()}) + std::string(text);
}

void GgufWriter::add_raw(std::string_view key, std::uint32_t type, std::string_view bytes) {
  metadata_ += gguf_text(key) + little(type);
  metadata_ += bytes;
  ++keys_;
}
void GgufWriter::add(std::string_view key, std::string_view value) {
  add_raw(key, 8, gguf_text(value));
}
void GgufWriter::add(std::string_view key, bool value) {
  add_raw(key, 7, little(std::uint8_t{value}));
}
void GgufWriter::add(std::string_view key, float value) {
  add_raw(key, 6, little(value));
}
void GgufWriter::add(std::string_view key, std::uint32_t value) {
  add_raw(key, 4, little(value));
}
void GgufWriter::add(std::string_view key, std::uint16_t value) {
  add_raw(key, 2, little(value));
}
void GgufWriter::add(std::string_view key, std::span<const std::string> values) {
  std::string bytes = little(std::uint32_t{8}) + little(std::uint64_t{values.size()});
  for (const std::string& value : values) bytes += gguf_text(value);
  add_raw(key, 9, bytes);
}
void GgufWriter::add(std::string_view key, std::span<const float> values) {
  std::string bytes = little(std::uint32_t{6}) + little(std::uint64_t{values.size()});
  for (const float value : values) bytes += little(value);
  add_raw(key, 9, bytes);
}
void GgufWriter::add(std::string_view key, std::span<const std::int32_t> values) {
  std::string bytes = little(std::uint32_t{5}) + little(std::uint64_t{values.size()});
  for (const std::int32_t value : values) bytes += little(value);
  add_raw(key, 9, bytes);
}

void GgufWriter::tensor(std::string name, std::vector<std::uint64_t> dimensions, GgmlType type, RowMaker rows) {
  std::uint64_t elements = 1;
  for (const std::uint64_t dimension : dimensions) elements *= dimension;
  tensors_.push_back({std::move(name), std::move(dimensions), type, std::move(rows), data_size_});
  data_size_ += padded(stored_bytes(type, elements));
}

std::string GgufWriter::header() const {
  std::string out = "GGUF" + little(version_) + little(std::uint64_t{tensors_.size()}) + little(keys_) + metadata_;
  for (const Tensor& tensor : tensors_) {
    out += gguf_text(tensor.name) + little(static_cast<std::uint32_t>(tensor.dimensions.size()));
    for (const std::uint64_t dimension : tensor.dimensions) out += little(dimension);
    out += little(static_cast<std::uint32_t>(tensor.type)) + little(tensor.offset);
  }
  out.resize(padded(out.size()), '\0');
  return out;
}

Result<void> GgufWriter::write_data(const std::function<Result<void>(std::string_view)>& sink) const {
  std::string pending;
  std::vector<float> row;
  for (const Tensor& tensor : tensors_) {
    row.assign(tensor.dimensions.front(), 0.0F);
    std::uint64_t rows = 1;
    for (std::size_t i = 1; i < tensor.dimensions.size(); ++i) rows *= tensor.dimensions[i];
    for (std::uint64_t i = 0; i < rows; ++i) {
      tensor.rows(i, row);
      pending += encode(tensor.type, row);
      if (pending.size() < (std::size_t{1} << 20)) continue;
      HEARTH_TRY(sink(pending));
      pending.clear();
    }
    const std::uint64_t size = stored_bytes(tensor.type, rows * tensor.dimensions.front());
    pending.append(padded(size) - size, '\0');
  }
  return sink(pending);
}

std::string GgufWriter::bytes() const {
  std::string out = header();
  const auto append = [&](std::string_view part) -> Result<void> {
    out += part;
    return {};
  };
  static_cast<void>(write_data(append));  // appending cannot fail
  return out;
}

std::vector<std::string> GgufWriter::split(std::uint16_t count) const {
  std::vector<std::string> files;
  for (std::uint16_t i = 0; i < count; ++i) {
    GgufWriter part(version_, alignment_);
    if (i == 0) {
      part.metadata_ = metadata_;
      part.keys_ = keys_;
    }
    part.add("split.no", i);
    part.add("split.count", count);
    part.add_raw("split.tensors.count", 5, little(static_cast<std::int32_t>(tensors_.size())));
    for (std::size_t t = tensors_.size() * i / count; t < tensors_.size() * (i + 1U) / count; ++t)
      part.tensor(tensors_[t].name, tensors_[t].dimensions, tensors_[t].type, tensors_[t].rows);
    files.push_back(part.bytes());
  }
  return files;
}

Result<void> GgufWriter::write(const std::filesystem::path& path) const {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_errno(errno, "writing " + path.string());
  HEARTH_TRY(write_all(fd.get(), header()));
  return write_data([&](std::string_view part) { return write_all(fd.get(), part); });
}

}  // namespace hearth::fixtures
