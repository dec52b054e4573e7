#include "response.h"

#include <hearth/core/log.h>

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>

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
  std::string bytes;
  bytes.reserve(vector.size() * 4);
  for (const Component c : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(double{static_cast<double>(c)} / kUnit));
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(bits >> shift & 0xFFU));
  }
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  out.push_back('"');
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three = at(i) << 16U | at(i + 1) << 8U | at(i + 2);
    out.push_back(kAlphabet[three >> 18U]);
    out.push_back(kAlphabet[three >> 12U & 63U]);
    out.push_back(i + 1 < bytes.size() ? kAlphabet[three >> 6U & 63U] : '=');
    out.push_back(i + 2 < bytes.size() ? kAlphabet[three & 63U] : '=');
  }
  out.push_back('"');
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
