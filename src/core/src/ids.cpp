#include <hearth/core/ids.h>

#include <sodium.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace hearth {
namespace {

void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();  // no random numbers: nothing here can be trusted
}

// Random bytes cost a system call each time they are asked for: these are fetched by the hundred. Not for secrets. A
// process that was forked starts with its parent's; those that Hearth forks run other programs.
class RandomBytes {
 public:
  unsigned char next() {
    if (at_ == bytes_.size()) {
      ensure_sodium();
      randombytes_buf(bytes_.data(), bytes_.size());
      at_ = 0;
    }
    return bytes_[at_++];
  }

 private:
  std::array<unsigned char, 1024> bytes_{};
  std::size_t at_ = bytes_.size();
};

}  // namespace

std::string new_id(std::string_view prefix) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t kLength = 24;
  // The largest multiple of the alphabet's size in a byte: what lies above would make some characters likelier.
  constexpr std::size_t kFair = 256 / kAlphabet.size() * kAlphabet.size();
  static thread_local RandomBytes random;
  std::string id;
  id.reserve(prefix.size() + kLength);
  id.append(prefix).append(kLength, ' ');
  RandomBytes& bytes = random;  // looked up once
  for (char* to = id.data() + prefix.size(); to != id.data() + id.size();) {
    const unsigned char byte = bytes.next();
    if (byte < kFair) *to++ = kAlphabet[byte % kAlphabet.size()];
  }
  return id;
}

std::string new_secret(std::size_t bytes) {
  ensure_sodium();
  std::vector<unsigned char> raw(bytes);
  randombytes_buf(raw.data(), raw.size());
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes, kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), raw.data(), raw.size(), kVariant);
  text.resize(text.size() - 1);  // the terminating NUL
  return text;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex(bytes.size() * 2, '\0');
  char* to = hex.data();
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    *to++ = kDigits[b >> 4U];
    *to++ = kDigits[b & 15U];
  }
  return hex;
}

}  // namespace hearth
