// Detectors of what gives access: private keys, the keys of services, passwords and other credentials.
#pragma once

#include "src/source.h"

namespace hearth::privacy {

// "-----BEGIN … PRIVATE KEY-----" at `dashes`, to its end or as far as it looks like one. `next_end` remembers where
// the next "-----END " is, so that it is looked for once however many beginnings there are; 0 at first.
std::optional<Hit> match_pem(Source& source, std::size_t dashes, std::size_t& next_end);
// Keys that tell by their beginning whose they are: "sk-…", "ghp_…". `mark`: the '-', '_', '.' or letter of the
// beginning by which they are noticed.
std::optional<Hit> match_api_key(Source& source, std::size_t mark);
// JSON Web Tokens (RFC 7519): three parts of base64url, the first two being JSON. `point`: the first '.'.
std::optional<Hit> match_jwt(Source& source, std::size_t point);
// A value behind a name that says that it is secret: "password: …", "API_KEY=…", "Authorization: Bearer …". `sign`: the
// place of ':' or '=', `value`: behind it.
std::optional<Hit> match_assignment(Source& source, std::size_t sign, std::size_t value);
// The whole text, being the value of a field that has such a name.
std::optional<Hit> match_secret_field(Source& source);
// "the password is …": a word with a digit in it at `digit`.
std::optional<Hit> match_spoken_password(Source& source, std::size_t digit);
// "scheme://user:password@host". `sign`: the '@'.
std::optional<Hit> match_url_credentials(Source& source, std::size_t sign);

}  // namespace hearth::privacy
