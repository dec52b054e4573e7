#include <hearth/net/server.h>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <charconv>

namespace hearth::net {

Result<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress address;
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    address.unix_path = std::string(text.substr(kUnix.size()));
    if (address.unix_path.empty())
      return fail(Errc::invalid_argument, "a Unix socket needs a path, as in unix:/run/hearth/x.sock");
    return address;
  }
  const auto bad = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is not an address to listen on; write it like 127.0.0.1:8420, [::1]:8420 or "
                            "0.0.0.0:8420 (every address of this machine)",
                            text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (ec != std::errc() || end != port.data() + port.size() || port.empty()) return bad();
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code parse_error;
  boost::asio::ip::make_address(std::string(host), parse_error);
  if (parse_error) return bad();
  address.host = std::string(host);
  return address;
}

}  // namespace hearth::net
