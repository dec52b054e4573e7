#include "src/secret_name.h"

#include "src/characters.h"

#include <array>
#include <span>
#include <vector>

namespace hearth::privacy {

namespace {

// As they stand without '_', '-', '.' and spaces, in lower case.
constexpr std::string_view kPasswords[] = {
    "password",   "passwd",     "pwd",        "passphrase", "passcode", "passwort",  "kennwort",
    "contraseña", "motdepasse", "senha",      "wachtwoord", "hasło",    "пароль",    "密码",
    "密碼",       "口令",       "パスワード", "userpass",   "dbpass",   "mysqlpass", "pgpass"};
constexpr std::string_view kKeys[] = {"secret",        "token",     "apikey",     "accesskey",     "secretkey",
                                      "privatekey",    "authkey",   "signingkey", "encryptionkey", "accountkey",
                                      "licensekey",    "masterkey", "sharedkey",  "credential",    "credentials",
                                      "authorization", "xapikey",   "密钥",       "令牌"};
// Not secret, though they end so.
constexpr std::string_view kOthers[] = {"pagetoken", "continuationtoken", "cancellationtoken", "eostoken", "bostoken",
                                        "padtoken",  "specialtoken",      "nexttoken",         "synctoken"};

struct Ending {
  std::string_view text;
  SecretName means;
};
using Endings = std::array<std::vector<Ending>, 256>;  // by the last byte

const Endings& endings() {
  static const Endings table = [] {
    Endings made;
    const auto add = [&](std::span<const std::string_view> list, SecretName means) {
      for (const std::string_view text : list) made[byte(text.back())].push_back({text, means});
    };
    add(kOthers, SecretName::none);  // first: they also end in others
    add(kPasswords, SecretName::password);
    add(kKeys, SecretName::key);
    return made;
  }();
  return table;
}

}  // namespace

SecretName secret_name(std::string_view name) {
  constexpr std::size_t kLongest = 24;
  std::array<char, kLongest> squeezed{};
  std::size_t begin = kLongest;
  for (std::size_t i = name.size(); i > 0 && begin > 0; --i) {
    const char c = name[i - 1];
    if (c == ' ' && begin == kLongest && i < name.size()) break;  // "password 00": a number of its own
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    if (is_digit(c) && begin == kLongest) continue;  // "password2"
    squeezed[--begin] = to_lower(c);
  }
  const std::string_view text(squeezed.data() + begin, kLongest - begin);
  for (const Ending& ending : endings()[text.empty() ? 0 : byte(text.back())])
    if (text.ends_with(ending.text)) return ending.means;
  return SecretName::none;
}

}  // namespace hearth::privacy
