#include "response.h"

#include <hearth/core/log.h>

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

namespace hearth::embed {
namespace {

constexpr std::size_t kFloatBytes = 11;  // "-0.1234567,"
constexpr std::size_t kFrameBytes = 80;  // what surrounds a vector

constexpr std::array<char, 200> kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (std::size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

// A component and a comma; returns the end. Seven digits after the point, always: quick, and exactly the component.
char* write_component(char* at, Component c) {
  *at = '-';
  at += c < 0 ? 1 : 0;
  const auto n = static_cast<std::uint32_t>(c < 0 ? -c : c);
  const auto pair = [](char* to, std::uint32_t two) { std::memcpy(to, kTwoDigits.data() + std::size_t{2} * two, 2); };
  at[0] = static_cast<char>('0' + n / 10'000'000);
  at[1] = '.';
  const std::uint32_t fraction = n % 10'000'000;
  const std::uint32_t high = fraction / 10'000;  // three digits
  const std::uint32_t low = fraction % 10'000;
  at[2] = static_cast<char>('0' + high / 100);
  pair(at + 3, high % 100);
  pair(at + 5, low / 100);
  pair(at + 7, low % 100);
  at[9] = ',';
  return at + 10;
}

void append_floats(std::string& out, std::span<const Component> vector) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + 2 + vector.size() * kFloatBytes, [&](char* data, std::size_t) {
    char* at = data + before;
    *at++ = '[';
    for (const Component c : vector) at = write_component(at, c);
    at[-1] = ']';  // in place of the last comma
    return static_cast<std::size_t>(at - data);
  });
}

void append_base64(std::string& out, std::span<const Component> vector) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<unsigned char> bytes(vector.size() * 4 + 2);  // two zeros more: the last three bytes are read whole
  for (std::size_t d = 0; d < vector.size(); ++d) {
    const auto value = static_cast<float>(static_cast<double>(vector[d]) / kUnit);
    std::memcpy(bytes.data() + d * 4, &value, 4);  // little-endian, as the data files require
  }
  const std::size_t size = vector.size() * 4;
  const std::size_t before = out.size();
  const std::size_t length = (size + 2) / 3 * 4;
  out.resize_and_overwrite(before + length + 2, [&](char* data, std::size_t total) {
    char* at = data + before;
    *at++ = '"';
    for (std::size_t i = 0; i < size; i += 3) {
      const std::uint32_t three =
          std::uint32_t{bytes[i]} << 16U | std::uint32_t{bytes[i + 1]} << 8U | std::uint32_t{bytes[i + 2]};
      for (const unsigned shift : {18U, 12U, 6U, 0U}) *at++ = kAlphabet[three >> shift & 63U];
    }
    for (std::size_t i = size; i % 3 != 0; ++i) at[-static_cast<std::ptrdiff_t>(3 - i % 3)] = '=';
    *at = '"';
    return total;
  });
}

}  // namespace

void begin_list(std::string& out) {
  out += R"({"object":"list","data":[)";
}

void append_vector(std::string& out, std::size_t index, std::span<const Component> vector, Encoding encoding) {
  if (index != 0) out.push_back(',');
  fmt::format_to(std::back_inserter(out), R"({{"object":"embedding","index":{},"embedding":)", index);
  if (encoding == Encoding::base64) {
    append_base64(out, vector);
  } else {
    append_floats(out, vector);
  }
  out.push_back('}');
}

void end_list(std::string& out, std::string_view model, std::size_t tokens) {
  out += R"(],"model":)";
  log::append_json_string(out, model);
  fmt::format_to(std::back_inserter(out), R"(,"usage":{{"prompt_tokens":{0},"total_tokens":{0}}}}})", tokens);
}

std::size_t vector_bytes(std::size_t dims, Encoding encoding) {
  return kFrameBytes + (encoding == Encoding::base64 ? (dims * 4 + 2) / 3 * 4 : dims * kFloatBytes);
}

}  // namespace hearth::embed
