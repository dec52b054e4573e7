// Protobuf's wire format, as far as reading needs it: numbered fields, each a number or a run of bytes that may be a
// message.
#pragma once

#include "byte_reader.h"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::models {

class ProtobufReader {
 public:
  static constexpr std::uint64_t kMaxFields = 1u << 26;  // of a file: bounds the time a hostile one takes
  static constexpr unsigned kMaxDepth = 64;

  explicit ProtobufReader(ByteReader& bytes) : bytes_(bytes) {}

  enum class Wire { number, fixed64, bytes, fixed32 };
  struct Field {
    std::uint32_t number;
    Wire wire;
    std::uint64_t at;      // where it begins
    std::uint64_t value;   // of a number
    std::uint64_t length;  // of bytes, which come next; they must be read or skipped
  };

  // Calls `each(field)` for the fields up to the end of what is read; what it leaves of a field is skipped.
  template <std::invocable<const Field&> Each>
  void message(Each&& each) {
    if (++depth_ > kMaxDepth) bytes_.fail_here("messages are nested too deep");
    while (!bytes_.failed() && !bytes_.at_end()) {
      const Field field = next();
      if (bytes_.failed()) break;
      const std::uint64_t end = bytes_.position() + field.length;
      each(field);
      if (!bytes_.failed() && bytes_.position() < end) bytes_.skip(end - bytes_.position(), "a field");
    }
    --depth_;
  }
  // The bytes of `field` as a message of its own.
  template <std::invocable<const Field&> Each>
  void nested(const Field& field, Each&& each) {
    if (field.wire != Wire::bytes) {
      bytes_.fail_at(field.at, "a number stands where a message should be");
      return;
    }
    const std::uint64_t around = bytes_.end();
    bytes_.set_end(bytes_.position() + field.length);
    message(each);
    bytes_.restore_end(around);
  }
  // Calls `each(value)` for the numbers of a repeated field, packed or not.
  template <std::invocable<std::uint64_t> Each>
  void numbers(const Field& field, Each&& each) {
    if (field.wire != Wire::bytes) {
      each(field.value);
      return;
    }
    const std::uint64_t end = bytes_.position() + field.length;
    while (!bytes_.failed() && bytes_.position() < end) {
      count(bytes_.position());
      each(bytes_.varint());
    }
    if (!bytes_.failed() && bytes_.position() > end) bytes_.fail_here("a number reaches past its list");
  }
  // At most `most` bytes of the field's text.
  std::string text(const Field& field, std::uint64_t most);

 private:
  Field next();
  void count(std::uint64_t at);

  ByteReader& bytes_;
  std::uint64_t fields_ = 0;
  unsigned depth_ = 0;
};

}  // namespace hearth::models
