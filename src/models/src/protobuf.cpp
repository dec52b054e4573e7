#include "protobuf.h"

#include <fmt/format.h>

namespace hearth::models {

void ProtobufReader::count(std::uint64_t at) {
  if (++fields_ > kMaxFields) bytes_.fail_at(at, "there are too many fields");
}

ProtobufReader::Field ProtobufReader::next() {
  Field field{0, Wire::number, bytes_.position(), 0, 0};
  count(field.at);
  const std::uint64_t tag = bytes_.varint();
  if (bytes_.failed()) return field;
  if (tag >> 3 == 0 || tag >> 3 > 536'870'911) {
    bytes_.fail_at(field.at, fmt::format("field {} cannot be", tag >> 3));
    return field;
  }
  field.number = static_cast<std::uint32_t>(tag >> 3);
  switch (tag & 7u) {
    case 0:
      field.value = bytes_.varint();
      break;
    case 1:
      field.wire = Wire::fixed64;
      field.value = bytes_.number<std::uint64_t>();
      break;
    case 2:
      field.wire = Wire::bytes;
      field.length = bytes_.varint();
      if (field.length > bytes_.remaining())
        bytes_.fail_at(field.at,
                       fmt::format("a field should be {} bytes long, but only {} are left: the file is cut off",
                                   field.length, bytes_.remaining()));
      break;
    case 5:
      field.wire = Wire::fixed32;
      field.value = bytes_.number<std::uint32_t>();
      break;
    default:
      bytes_.fail_at(field.at, fmt::format("a field is of wire type {}, which ONNX does not use", tag & 7u));
  }
  return field;
}

std::string ProtobufReader::text(const Field& field, std::uint64_t most) {
  if (field.wire != Wire::bytes) {
    bytes_.fail_at(field.at, "a number stands where a text should be");
    return {};
  }
  return bytes_.text_prefix(field.length, most, "a text");
}

}  // namespace hearth::models
