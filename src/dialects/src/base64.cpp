#include <hearth/dialects/base64.h>

#include <fmt/format.h>

#include <cstdint>

namespace hearth::dialects {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kInvalid = 0xFF;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kInvalid);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::uint8_t value_of(char c) {
  return kValues[static_cast<unsigned char>(c)];
}

char letter(std::uint32_t bits) {
  return kAlphabet[bits & 0x3FU];
}

// Decodes whole groups of four without padding, as many as are valid; returns how many characters were consumed.
std::size_t decode_groups(std::string_view in, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + in.size() / 4 * 3);
  char* to = out.data() + start;
  std::size_t i = 0;
  for (; i + 4 <= in.size(); i += 4) {
    const std::uint32_t a = value_of(in[i]);
    const std::uint32_t b = value_of(in[i + 1]);
    const std::uint32_t c = value_of(in[i + 2]);
    const std::uint32_t d = value_of(in[i + 3]);
    if (((a | b | c | d) & 0xC0U) != 0) break;
    const std::uint32_t bits = (a << 18U) | (b << 12U) | (c << 6U) | d;
    *to++ = static_cast<char>(bits >> 16U);
    *to++ = static_cast<char>(bits >> 8U);
    *to++ = static_cast<char>(bits);
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  return i;
}

// One group that may end in padding. false if it is malformed.
bool decode_last_group(const std::array<char, 4>& group, std::string& out) {
  if (group[3] != '=') return false;
  const std::uint32_t a = value_of(group[0]);
  const std::uint32_t b = value_of(group[1]);
  if (((a | b) & 0xC0U) != 0) return false;
  if (group[2] == '=') {
    if ((b & 0x0FU) != 0) return false;
    out.push_back(static_cast<char>((a << 2U) | (b >> 4U)));
    return true;
  }
  const std::uint32_t c = value_of(group[2]);
  if ((c & 0xC0U) != 0 || (c & 0x03U) != 0) return false;
  out.push_back(static_cast<char>((a << 2U) | (b >> 4U)));
  out.push_back(static_cast<char>((b << 4U) | (c >> 2U)));
  return true;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = (at(i) << 16U) | (at(i + 1) << 8U) | at(i + 2);
    out.push_back(letter(bits >> 18U));
    out.push_back(letter(bits >> 12U));
    out.push_back(letter(bits >> 6U));
    out.push_back(letter(bits));
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t bits = (at(i) << 16U) | (left == 2 ? at(i + 1) << 8U : 0U);
  out.push_back(letter(bits >> 18U));
  out.push_back(letter(bits >> 12U));
  out.push_back(left == 2 ? letter(bits >> 6U) : '=');
  out.push_back('=');
}

Decoded<void> Base64Decoder::push(std::string_view encoded, std::string& out) {
  while (!encoded.empty()) {
    if (ended_) {
      return reject(ApiCode::invalid_data_url,
                    fmt::format("The base64 data goes on after its padding, at character {}.", consumed_));
    }
    if (held_ == 0) {
      const std::size_t used = decode_groups(encoded, out);
      consumed_ += used;
      encoded.remove_prefix(used);
    }
    // The rest goes through the held group: pieces cut within a group, padding, and what is wrong.
    while (!encoded.empty() && held_ < 4) {
      const char c = encoded.front();
      if (c != '=' && value_of(c) == kInvalid) {
        return reject(ApiCode::invalid_data_url,
                      fmt::format("Character {} of the base64 data is not of the standard alphabet.", consumed_));
      }
      group_[held_++] = c;
      ++consumed_;
      encoded.remove_prefix(1);
    }
    if (held_ < 4) return {};
    held_ = 0;
    if (decode_groups(std::string_view(group_.data(), 4), out) == 4) continue;
    if (!decode_last_group(group_, out)) {
      return reject(ApiCode::invalid_data_url,
                    fmt::format("The base64 data is wrongly padded before character {}.", consumed_));
    }
    ended_ = true;
  }
  return {};
}

Decoded<void> Base64Decoder::finish() const {
  if (held_ == 0) return {};
  return reject(ApiCode::invalid_data_url, "The base64 data stops within a group of four; was it cut short?");
}

Decoded<std::string> decode_base64(std::string_view encoded) {
  std::string out;
  out.reserve(base64_decoded_bound(encoded.size()));
  Base64Decoder decoder;
  HEARTH_TRY(decoder.push(encoded, out));
  HEARTH_TRY(decoder.finish());
  return out;
}

}  // namespace hearth::dialects
