#include "src/secret_name.h"

#include "src/characters.h"

#include <algorithm>
#include <array>

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

template <std::size_t N>
bool ends_with_one_of(std::string_view name, const std::string_view (&endings)[N]) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

SecretName secret_name(std::string_view name) {
  constexpr std::size_t kLongest = 24;
  std::array<char, kLongest> squeezed{};
  std::size_t begin = kLongest;
  for (std::size_t i = name.size(); i > 0 && begin > 0; --i) {
    const char c = name[i - 1];
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    // "password2"
    if (is_digit(c) && begin == kLongest) continue;
    squeezed[--begin] = to_lower(c);
  }
  const std::string_view text(squeezed.data() + begin, kLongest - begin);
  if (ends_with_one_of(text, kPasswords)) return SecretName::password;
  if (ends_with_one_of(text, kKeys) && !ends_with_one_of(text, kOthers)) return SecretName::key;
  return SecretName::none;
}

}  // namespace hearth::privacy
