// Whom an HTTP client trusts when it speaks TLS.
#pragma once

#include <hearth/core/error.h>

#include <filesystem>
#include <memory>

namespace hearth::net {

// TLS 1.2 or newer, the server's certificate and name always verified. May be shared by any number of clients of one
// executor.
class TlsContext;

// Trusts the authorities in `ca_file` (PEM) and no others; empty: those that the system trusts. invalid_argument (the
// file cannot be read, or has no certificate in it), internal.
Result<std::shared_ptr<TlsContext>> make_tls_context(const std::filesystem::path& ca_file = {});

}  // namespace hearth::net
