// IP addresses, and what may be found there: the world, this machine, the network around it, or a cloud's secrets.
// Pure.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::egress {

class IpAddress {
 public:
  // "192.0.2.1" with four decimal numbers and no leading zeros, or an IPv6 address without brackets and zone. Nothing
  // else: no "0x7f.1", "2130706433" or "010.0.0.1".
  static std::optional<IpAddress> parse(std::string_view text);
  // Of an AF_INET or AF_INET6 socket address.
  static std::optional<IpAddress> from(const sockaddr* address, socklen_t size);
  static IpAddress v4(std::uint32_t number) noexcept;
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes) noexcept;

  [[nodiscard]] bool is_v4() const noexcept { return v4_; }
  // In host order; only when is_v4().
  [[nodiscard]] std::uint32_t number() const noexcept;
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }  // IPv4: the last four
  [[nodiscard]] std::string text() const;
  // "192.0.2.1:443", "[2001:db8::1]:443"
  [[nodiscard]] std::string with_port(std::uint16_t port) const;
  // Into a socket address of its family; its size.
  socklen_t fill(sockaddr_storage& into, std::uint16_t port) const noexcept;
  bool operator==(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  bool v4_ = false;
};

enum class Reach {
  world,     // a public unicast address
  loopback,  // this machine
  // Private networks, unique local and link-local addresses, carriers' shared space; and the ranges for benchmarks and
  // documentation, which proxies that answer for every name give out.
  nearby,
  metadata,    // where clouds give credentials to whoever asks: 169.254.169.254 and its like
  impossible,  // multicast, broadcast, "this network", reserved: no host has it
};
std::string_view to_string(Reach reach) noexcept;  // "a private address", for sentences

// Where an address leads. One that carries an IPv4 address (mapped, NAT64, 6to4, ISATAP) is judged by that, too; the
// stricter wins. After the special-purpose registries of IANA.
Reach reach_of(const IpAddress& address) noexcept;

}  // namespace hearth::egress
