// Checkpoints of a log: its size and root hash, signed with Ed25519, as the C2SP documents "tlog-checkpoint" and
// "signed-note" write them, so that other programs for such logs can read them.
//
// Keys are written as Go's sumdb/note writes them: NAME+KEYID+BASE64 for who verifies, PRIVATE+KEY+… for who signs.
#pragma once

#include <hearth/core/error.h>
#include <hearth/egress/merkle.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

struct Checkpoint {
  std::string origin;  // which log
  std::uint64_t size = 0;
  Hash root{};
  bool operator==(const Checkpoint&) const = default;
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string bytes;
};

// A checkpoint as it was found: nothing in it is to be believed before verify() has been asked.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  std::string text;  // what is signed
  std::vector<NoteSignature> signatures;
};

class VerifyKey {
 public:
  // invalid_argument: no such key.
  static Result<VerifyKey> parse(std::string_view text);
  VerifyKey(std::string name, const std::array<unsigned char, 32>& key);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string to_string() const;
  // permission_denied: this key has not signed it, or it was changed since.
  [[nodiscard]] Result<void> verify(const SignedCheckpoint& signed_checkpoint) const;

 private:
  std::string name_;
  std::array<unsigned char, 32> key_;
  std::uint32_t id_;
};

class SigningKey {
 public:
  static SigningKey generate(std::string name);
  // invalid_argument: no such key.
  static Result<SigningKey> parse(std::string_view text);
  ~SigningKey();  // leaves no copy in memory
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  [[nodiscard]] VerifyKey verify_key() const;
  // The secret itself.
  [[nodiscard]] std::string to_string() const;
  // The whole note. The origin is the key's name.
  [[nodiscard]] std::string sign(std::uint64_t size, const Hash& root) const;

 private:
  SigningKey(std::string name, const std::array<unsigned char, 32>& seed);
  std::string name_;
  std::array<unsigned char, 64> secret_{};  // seed and public key, as libsodium has it
};

// The key in `file`, which is made (mode 0600) if there is none. corrupt: the file holds something else; io_error.
Result<SigningKey> load_or_make_key(const std::filesystem::path& file);

// invalid_argument: it is no such note, or too long.
Result<SignedCheckpoint> parse_checkpoint(std::string_view note);

}  // namespace hearth::egress
