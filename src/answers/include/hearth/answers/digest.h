// What stands for a request: BLAKE2b-256 over its parts, each with its length in front, so that no two lists of parts
// make the same bytes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hearth::answers {

struct Digest {
  std::array<unsigned char, 32> bytes{};
  friend auto operator<=>(const Digest&, const Digest&) = default;

  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  // 64 of its bits.
  [[nodiscard]] std::uint64_t word() const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    return word;
  }
};

struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept { return digest.word(); }
};

// One digest in the making. Any thread, one at a time.
class Hasher {
 public:
  // `purpose` keeps digests of different things apart.
  explicit Hasher(std::string_view purpose);
  Hasher& add(std::string_view part);
  // A part whose bytes come in pieces: `size` of them in all.
  void begin(std::uint64_t size);
  void update(std::string_view piece);
  // Once, at the end.
  [[nodiscard]] Digest finish();

 private:
  void flush();

  // Most parts are a few bytes: they are hashed together.
  static constexpr std::size_t kWaiting = 256;
  std::array<char, kWaiting> waiting_;
  std::size_t waiting_size_ = 0;
  static constexpr std::size_t kState = 384;
  alignas(64) std::array<unsigned char, kState> state_;
};

}  // namespace hearth::answers
