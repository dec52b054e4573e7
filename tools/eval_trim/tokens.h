// Counts tokens as cl100k_base does: the vocabulary is the one that the embedding engine carries.
#pragma once

#include <cl100k.h>

#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace hearth::eval {

class Tokens {
 public:
  explicit Tokens(const embed::Cl100kView& vocabulary);
  // Letters and digits outside ASCII are told apart from marks by their blocks, not by Unicode's tables.
  [[nodiscard]] std::uint64_t count(std::string_view text);

 private:
  std::uint64_t pieces(std::string_view word);

  std::unordered_map<std::string_view, std::uint32_t> ranks_;
  std::unordered_map<std::string, std::uint64_t> known_;
};

}  // namespace hearth::eval
