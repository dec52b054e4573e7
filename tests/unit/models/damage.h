// What may become of a file on its way: every way must end in an answer, never in a crash.
#pragma once

#include "readers.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace hearth::models {

inline Result<ModelFacts> read_bytes(std::string_view bytes) {
  MemorySource source(bytes);
  return read_model(source);
}

inline std::string refusal(std::string_view bytes) {
  const auto facts = read_bytes(bytes);
  return facts ? "accepted" : facts.error().describe();
}

// No beginning of `bytes` but the whole passes, unless `may_end_at` says so.
template <typename MayEndAt>
void expect_truncations_are_refused(std::string_view bytes, std::size_t step, MayEndAt may_end_at) {
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    const auto facts = read_bytes(bytes.substr(0, size));
    EXPECT_EQ(facts.has_value(), may_end_at(size)) << size << " of " << bytes.size();
    if (!facts && size > 8) EXPECT_TRUE(facts.error().is(Errc::corrupt)) << size << ": " << facts.error().describe();
  }
}

// Any one bit turned over: read or refused, and what is read does not claim more than there is.
inline void expect_turned_bits_are_survived(std::string bytes, std::size_t step) {
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += step) {
    bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ (1u << (bit % 8)));
    if (const auto facts = read_bytes(bytes); facts && facts->format == Format::gguf)
      EXPECT_LE(facts->tensor_bytes, bytes.size()) << "bit " << bit;
    bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ (1u << (bit % 8)));
  }
}

}  // namespace hearth::models
