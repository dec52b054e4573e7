#pragma once

#include "src/source.h"

namespace hearth::privacy {

// E-mail addresses (the part of RFC 5321 that people have). `sign`: the place of '@', or of "%40", `sign_length` long.
std::optional<Hit> match_email(Source& source, std::size_t sign, std::size_t sign_length);

}  // namespace hearth::privacy
