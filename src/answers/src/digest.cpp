#include <hearth/answers/digest.h>

#include <sodium.h>

#include <bit>

namespace hearth::answers {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths are hashed as they lie in memory");

crypto_generichash_state* as_state(unsigned char* bytes) {
  static_assert(alignof(crypto_generichash_state) <= 64);
  return reinterpret_cast<crypto_generichash_state*>(bytes);
}

}  // namespace

Hasher::Hasher(std::string_view purpose) {  // NOLINT(cppcoreguidelines-pro-type-member-init): init() fills the state
  static_assert(sizeof(crypto_generichash_state) <= kState);
  crypto_generichash_init(as_state(state_.data()), nullptr, 0, Digest().bytes.size());
  add(purpose);
}

Hasher& Hasher::add(std::string_view part) {
  begin(part.size());
  update(part);
  return *this;
}

void Hasher::begin(std::uint64_t size) {
  update({reinterpret_cast<const char*>(&size), sizeof(size)});
}

void Hasher::update(std::string_view piece) {
  if (piece.size() > waiting_.size() - waiting_size_) {
    flush();
    if (piece.size() > waiting_.size()) {
      crypto_generichash_update(as_state(state_.data()), reinterpret_cast<const unsigned char*>(piece.data()),
                                piece.size());
      return;
    }
  }
  std::memcpy(waiting_.data() + waiting_size_, piece.data(), piece.size());
  waiting_size_ += piece.size();
}

void Hasher::flush() {
  crypto_generichash_update(as_state(state_.data()), reinterpret_cast<const unsigned char*>(waiting_.data()),
                            waiting_size_);
  waiting_size_ = 0;
}

Digest Hasher::finish() {
  flush();
  Digest digest;
  crypto_generichash_final(as_state(state_.data()), digest.bytes.data(), digest.bytes.size());
  return digest;
}

}  // namespace hearth::answers
