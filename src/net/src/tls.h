// TLS over a connected socket: the client's side.
#pragma once

#include "message.h"

#include <hearth/net/runtime.h>
#include <hearth/net/tls.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <string>

namespace hearth::net {

class TlsContext {
 public:
  TlsContext() : context(asio::ssl::context::tls_client) {}
  asio::ssl::context context;
};

class TlsStream : public asio::ssl::stream<StreamSocket> {
 public:
  using asio::ssl::stream<StreamSocket>::stream;
  // It is closed without a farewell, for HTTP says itself where an answer ends; OpenSSL would take that for a reason
  // not to resume its session.
  ~TlsStream() { SSL_set_shutdown(native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
};

struct FreeTlsSession {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using TlsSession = std::unique_ptr<SSL_SESSION, FreeTlsSession>;

// A stream that will insist on a certificate for `host` (a name or an IP literal) in its handshake, and resumes
// `session` if there is one. internal.
Result<std::unique_ptr<TlsStream>> prepare_tls(StreamSocket socket, TlsContext& context, const std::string& host,
                                               SSL_SESSION* session);
// Why a handshake failed, as what to do about it; `name` is the server's. permission_denied (its certificate),
// protocol_error, unavailable (it hung up).
Error explain_handshake(TlsStream& stream, const boost::system::error_code& error, const std::string& name,
                        const std::string& host);
// What lets the next connection skip the handshake's costly part; null if the server gave nothing.
TlsSession resumable_session(TlsStream& stream);

}  // namespace hearth::net
