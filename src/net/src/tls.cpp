#include "tls.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <array>

namespace hearth::net {
namespace {

// RFC 7301: each protocol's name with its length before it.
constexpr std::array<unsigned char, 9> kAlpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::unexpected<Error> library_failed(std::string_view what) {
  return fail(Errc::internal, fmt::format("OpenSSL cannot {}", what));
}

// X509_V_ERR_…, as an end of the sentence "its certificate …" with what to do.
std::string explain_certificate(long code, const std::string& host) {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "has expired: it must be renewed there, unless this box's clock is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "is not valid yet: this box's clock is probably wrong";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("is not for {}: check the address", host);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "comes from an authority that this box does not trust: if it is one of your own, name its certificate as "
             "ca_file";
    default:
      return fmt::format("does not hold: {}", X509_verify_cert_error_string(code));
  }
}

// A plain HTTP server's answer looks to TLS like a record of an unknown version, or one that is far too long.
bool is_not_tls(const boost::system::error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return false;
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_RECORD_LENGTH_MISMATCH ||
         reason == SSL_R_UNEXPECTED_MESSAGE;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> make_tls_context(const std::filesystem::path& ca_file) {
  auto made = std::make_shared<TlsContext>();
  SSL_CTX* context = made->context.native_handle();
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return library_failed("refuse TLS before 1.2");
  if (SSL_CTX_set_alpn_protos(context, kAlpn.data(), kAlpn.size()) != 0) return library_failed("offer HTTP/1.1");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ERR_clear_error();
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return library_failed("find the system's certificates");
  } else if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid_argument,
                fmt::format("{} cannot be read, or has no certificate in PEM in it", ca_file.string()));
  }
  return made;
}

Result<std::unique_ptr<TlsStream>> prepare_tls(StreamSocket socket, TlsContext& context, const std::string& host,
                                               SSL_SESSION* session) {
  auto stream = std::make_unique<TlsStream>(std::move(socket), context.context);
  SSL* ssl = stream->native_handle();
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    // RFC 6066: an address is no server name.
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) != 1)
      return library_failed(fmt::format("verify {}", host));
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(ssl, host.c_str()) != 1) return library_failed(fmt::format("verify {}", host));
    if (SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) return library_failed(fmt::format("ask for {}", host));
  }
  if (session != nullptr) SSL_set_session(ssl, session);  // if it cannot be used, the handshake is a whole one
  return stream;
}

Error explain_handshake(TlsStream& stream, const boost::system::error_code& error, const std::string& name,
                        const std::string& host) {
  if (const long verified = SSL_get_verify_result(stream.native_handle()); verified != X509_V_OK)
    return {Errc::permission_denied,
            fmt::format("{} is not trusted: its certificate {}", name, explain_certificate(verified, host))};
  if (is_not_tls(error))
    return {Errc::protocol_error,
            fmt::format("{} does not speak TLS: check the port, or write http:// if it is meant to be without", name)};
  if (error.category() == asio::error::get_ssl_category())
    return {Errc::protocol_error, fmt::format("{} and this box found no way to speak TLS: {}", name, error.message())};
  return {Errc::unavailable, fmt::format("{} hung up during the TLS handshake: {}", name, error.message())};
}

TlsSession resumable_session(TlsStream& stream) {
  TlsSession session(SSL_get1_session(stream.native_handle()));
  if (session && SSL_SESSION_is_resumable(session.get()) != 1) session.reset();
  return session;
}

}  // namespace hearth::net
