// Signed checkpoints and keys that a person hands to `hearth egress verify`, and the hashes in an altered database.
#include <hearth/egress/checkpoint.h>

#include <cstdint>
#include <cstdlib>

namespace e = hearth::egress;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const e::VerifyKey key = e::SigningKey::generate("hearth-egress/fuzz").verify_key();
  if (const auto note = e::parse_checkpoint(text)) {
    if (!text.starts_with(note->text) || note->signatures.empty()) std::abort();
    if (key.verify(*note)) std::abort();  // a signature cannot be guessed
  }
  if (const auto parsed = e::VerifyKey::parse(text); parsed && parsed->to_string() != text) std::abort();
  if (const auto parsed = e::SigningKey::parse(text); parsed && parsed->to_string() != text) std::abort();
  if (size >= 2) {
    const std::uint64_t begin = data[0];
    const auto range = e::CompactRange::from(begin, begin + data[1], text.substr(2));
    if (range && range->bytes() != text.substr(2)) std::abort();
  }
  return 0;
}
