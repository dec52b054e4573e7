// Names that say that what they stand for is secret: "password", "DB_PASSWORD", "clientSecret", "api key", "密码".
#pragma once

#include <string_view>

namespace hearth::privacy {

enum class SecretName { none, password, key };

// `name` may have words before: its end counts.
SecretName secret_name(std::string_view name);

}  // namespace hearth::privacy
