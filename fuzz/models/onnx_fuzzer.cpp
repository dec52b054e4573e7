// Model files come from anywhere.
#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hearth::models::check_reader(hearth::models::read_onnx, data, size);
}
