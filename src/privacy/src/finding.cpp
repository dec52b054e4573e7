#include <hearth/privacy/finding.h>

namespace hearth::privacy {

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::email:
      return "email";
    case Kind::phone:
      return "phone";
    case Kind::card:
      return "card";
    case Kind::iban:
      return "iban";
    case Kind::national_id:
      return "national_id";
    case Kind::private_key:
      return "private_key";
    case Kind::api_key:
      return "api_key";
    case Kind::password:
      return "password";
    case Kind::custom:
      return "custom";
  }
  return "custom";
}

}  // namespace hearth::privacy
