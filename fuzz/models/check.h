// What a reader promises of every file it accepts, and that predictions can be made from it.
#pragma once

#include "readers.h"

#include <hearth/models/fit.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#define FUZZ_CHECK(condition)                                                            \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

namespace hearth::models {

// Not a parser's failure: bytes in memory cannot give an I/O error.
inline void check_refusal(const Error& error) {
  FUZZ_CHECK(error.is(Errc::corrupt) || error.is(Errc::unsupported));
  FUZZ_CHECK(!error.message().empty());
}

inline void check_accepted(const ModelFacts& facts, std::size_t size) {
  FUZZ_CHECK(facts.file_bytes == size);
  std::uint64_t bytes = 0;
  std::uint64_t elements = 0;
  std::uint64_t count = 0;
  for (const auto& [type, totals] : facts.tensor_types) {
    bytes += totals.bytes;
    elements += totals.elements;
    count += totals.count;
  }
  FUZZ_CHECK(bytes == facts.tensor_bytes && elements == facts.parameters && count == facts.tensors);
  FUZZ_CHECK(facts.largest_tensor <= facts.tensor_bytes);
  if (facts.format != Format::onnx) FUZZ_CHECK(facts.tensor_bytes <= size);
  const auto small = predict_memory(facts, {.context = 512});
  FUZZ_CHECK(small.has_value());
  FUZZ_CHECK(small->total() >= small->weights);
  const auto large = predict_memory(facts, {.context = 65'536, .slots = 4});
  FUZZ_CHECK(large.has_value() && large->cache >= small->cache);
}

inline int check_reader(Result<ModelFacts> (*read)(ByteSource&), const std::uint8_t* data, std::size_t size) {
  MemorySource source(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto facts = read(source);
  if (facts) {
    check_accepted(*facts, size);
  } else {
    check_refusal(facts.error());
  }
  return 0;
}

}  // namespace hearth::models
