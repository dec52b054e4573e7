#include <hearth/core/file.h>
#include <hearth/core/ids.h>
#include <hearth/core/sha256.h>
#include <hearth/core/utf8.h>
#include <hearth/egress/checkpoint.h>

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace hearth::egress {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // an em dash and a space begin a signature's line
constexpr char kEd25519 = 1;                         // the kind of signature, in key ids and keys
constexpr std::size_t kMaxNote = 128 * 1024;         // sixteen signatures of today's longest kind
constexpr std::size_t kMaxSignatures = 32;
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxKeyFile = 1024;
constexpr std::string_view kPrivate = "PRIVATE+KEY+";

using Bytes32 = std::array<unsigned char, 32>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string to_base64(std::string_view data) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string text(sodium_base64_encoded_len(data.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes(data), data.size(), kVariant);
  text.resize(text.size() - 1);  // the terminating NUL
  return text;
}

// Canonical base64 with padding only. libsodium takes some bytes beyond ASCII for characters of the alphabet.
std::optional<std::string> from_base64(std::string_view text) {
  const auto known = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=';
  };
  if (!std::ranges::all_of(text, known)) return std::nullopt;
  std::string data(text.size() / 4 * 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(data.data()), data.size(), text.data(), text.size(), nullptr,
                        &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  data.resize(size);
  return data;
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
          static_cast<char>(value)};
}

std::uint32_t from_big_endian(std::string_view data) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(data[i]);
  return value;
}

std::string_view text_of(const Bytes32& data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

std::uint32_t key_id(std::string_view name, const Bytes32& key) {
  const Sha256 hash = sha256({name, "\n", {&kEd25519, 1}, text_of(key)});
  return from_big_endian(view(hash));
}

// No Unicode spaces are told apart: names of ours are ASCII, and another's is only compared with ours.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && is_utf8(name) &&
         std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '+' && c != 0x7f; });
}

struct KeyText {
  std::string name;
  std::uint32_t id = 0;
  Bytes32 key{};
};

std::optional<KeyText> parse_key(std::string_view text) {
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  KeyText key{std::string(text.substr(0, first)), 0, {}};
  const std::string_view id = text.substr(first + 1, second - first - 1);
  const auto [end, ec] = std::from_chars(id.data(), id.data() + id.size(), key.id, 16);
  const bool lower_case = id.size() == 8 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_name(key.name) || !lower_case || ec != std::errc() || end != id.data() + id.size()) return std::nullopt;
  const auto data = from_base64(text.substr(second + 1));
  if (!data || data->size() != 1 + key.key.size() || data->front() != kEd25519) return std::nullopt;
  std::copy_n(bytes(*data) + 1, key.key.size(), key.key.begin());
  return key;
}

std::string write_key(std::string_view name, std::uint32_t id, const Bytes32& key) {
  return fmt::format("{}+{:08x}+{}", name, id, to_base64(kEd25519 + std::string(text_of(key))));
}

std::string checkpoint_text(const Checkpoint& c) {
  return fmt::format("{}\n{}\n{}\n", c.origin, c.size, to_base64(text_of(c.root)));
}

std::unexpected<Error> no_note(std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("this is no signed checkpoint: {}", why));
}

// Takes a line off `text`, without its end; nullopt: there is no further line end.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<Checkpoint> parse_text(std::string_view text) {
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  if (!origin || origin->empty() || !size || size->empty() || !root) return std::nullopt;
  Checkpoint checkpoint{std::string(*origin), 0, {}};
  const auto [end, ec] = std::from_chars(size->data(), size->data() + size->size(), checkpoint.size);
  const bool canonical = size->front() != '0' || size->size() == 1;
  if (ec != std::errc() || end != size->data() + size->size() || !canonical) return std::nullopt;
  if (checkpoint.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  const auto hash = from_base64(*root);
  if (!hash || hash->size() != checkpoint.root.size()) return std::nullopt;
  std::copy_n(bytes(*hash), hash->size(), checkpoint.root.begin());
  while (!text.empty()) {  // lines that others may add
    const auto line = take_line(text);
    if (!line || line->empty()) return std::nullopt;
  }
  return checkpoint;
}

std::optional<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return std::nullopt;
  line.remove_prefix(kDash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos || !is_name(line.substr(0, space))) return std::nullopt;
  const auto data = from_base64(line.substr(space + 1));
  if (!data || data->size() < 5) return std::nullopt;
  return NoteSignature{std::string(line.substr(0, space)), from_big_endian(*data), data->substr(4)};
}

}  // namespace

VerifyKey::VerifyKey(std::string name, const Bytes32& key)
    : name_(std::move(name)), key_(key), id_(key_id(name_, key_)) {}

Result<VerifyKey> VerifyKey::parse(std::string_view text) {
  auto key = parse_key(text);
  if (!key || key_id(key->name, key->key) != key->id)
    return fail(Errc::invalid_argument,
                "this is no key of an egress ledger; `hearth egress key` prints it, like hearth-egress/…+1a2b3c4d+AQ…");
  return VerifyKey(std::move(key->name), key->key);
}

std::string VerifyKey::to_string() const {
  return write_key(name_, id_, key_);
}

Result<void> VerifyKey::verify(const SignedCheckpoint& signed_checkpoint) const {
  bool verified = false;
  for (const NoteSignature& signature : signed_checkpoint.signatures) {
    if (signature.name != name_ || signature.key_id != id_) continue;
    if (signature.bytes.size() != crypto_sign_BYTES ||
        crypto_sign_verify_detached(bytes(signature.bytes), bytes(signed_checkpoint.text),
                                    signed_checkpoint.text.size(), key_.data()) != 0)
      return fail(Errc::permission_denied, "the signature does not fit: the checkpoint was changed");
    verified = true;
  }
  if (!verified) return fail(Errc::permission_denied, fmt::format("the key of {} has not signed it", name_));
  return {};
}

SigningKey::SigningKey(std::string name, const Bytes32& seed) : name_(std::move(name)) {
  Bytes32 public_key{};
  crypto_sign_seed_keypair(public_key.data(), secret_.data(), seed.data());
}

SigningKey::~SigningKey() {
  sodium_memzero(secret_.data(), secret_.size());
}

SigningKey SigningKey::generate(std::string name) {
  Bytes32 seed{};
  randombytes_buf(seed.data(), seed.size());
  SigningKey key(std::move(name), seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

Result<SigningKey> SigningKey::parse(std::string_view text) {
  const bool secret = text.starts_with(kPrivate);
  auto parsed = secret ? parse_key(text.substr(kPrivate.size())) : std::nullopt;
  const auto refuse = [] { return fail(Errc::invalid_argument, "this is no signing key of an egress ledger"); };
  if (!parsed) return refuse();
  SigningKey key(parsed->name, parsed->key);
  sodium_memzero(parsed->key.data(), parsed->key.size());
  Bytes32 public_key{};
  std::copy_n(key.secret_.begin() + 32, public_key.size(), public_key.begin());
  if (key_id(key.name_, public_key) != parsed->id) return refuse();
  return key;
}

VerifyKey SigningKey::verify_key() const {
  Bytes32 public_key{};
  std::copy_n(secret_.begin() + 32, public_key.size(), public_key.begin());
  return {name_, public_key};
}

std::string SigningKey::to_string() const {
  Bytes32 seed{};
  std::copy_n(secret_.begin(), seed.size(), seed.begin());
  Bytes32 public_key{};
  std::copy_n(secret_.begin() + 32, public_key.size(), public_key.begin());
  return std::string(kPrivate) + write_key(name_, key_id(name_, public_key), seed);
}

std::string SigningKey::sign(std::uint64_t size, const Hash& root) const {
  const std::string text = checkpoint_text({name_, size, root});
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, bytes(text), text.size(),
                       secret_.data());
  Bytes32 public_key{};
  std::copy_n(secret_.begin() + 32, public_key.size(), public_key.begin());
  return fmt::format("{}\n{}{} {}\n", text, kDash, name_, to_base64(big_endian(key_id(name_, public_key)) + signature));
}

Result<SigningKey> load_or_make_key(const std::filesystem::path& file) {
  auto text = read_file(file, kMaxKeyFile);
  if (text) {
    if (text->ends_with('\n')) text->pop_back();
    auto key = SigningKey::parse(*text);
    sodium_memzero(text->data(), text->size());
    if (key) return key;
    return fail(Errc::corrupt,
                fmt::format("{} does not hold the egress ledger's key; restore it from a backup", file.string()));
  }
  if (!text.error().is(Errc::not_found)) return fail(std::move(text).error());
  SigningKey key = SigningKey::generate(new_id("hearth-egress/"));
  std::string secret = key.to_string() + "\n";
  auto written = write_file_atomic(file, secret, 0600);
  sodium_memzero(secret.data(), secret.size());
  if (!written) return fail(std::move(written).error());
  return key;
}

Result<SignedCheckpoint> parse_checkpoint(std::string_view note) {
  if (note.size() > kMaxNote) return no_note("it is too long");
  if (!is_utf8(note) ||
      std::ranges::any_of(note, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; }))
    return no_note("it holds bytes that a note cannot have");
  const auto blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return no_note("it has no signature");
  SignedCheckpoint found;
  found.text = note.substr(0, blank + 1);
  auto checkpoint = parse_text(found.text);
  if (!checkpoint) return no_note("it must begin with three lines: the log's name, its size and its root hash");
  found.checkpoint = std::move(*checkpoint);
  for (std::string_view rest = note.substr(blank + 2); !rest.empty();) {
    const auto line = take_line(rest);
    auto signature = line ? parse_signature(*line) : std::nullopt;
    if (!signature || found.signatures.size() == kMaxSignatures)
      return no_note("a line of its signatures is malformed");
    found.signatures.push_back(std::move(*signature));
  }
  if (found.signatures.empty()) return no_note("it has no signature");
  return found;
}

}  // namespace hearth::egress
