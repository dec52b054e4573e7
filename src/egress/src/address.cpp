#include <hearth/egress/address.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace hearth::egress {
namespace {

struct Block4 {
  std::uint32_t network;
  int bits;
  Reach reach;
};
constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}
// The first that holds counts.
constexpr std::array kBlocks4{
    Block4{ip(169, 254, 169, 254), 32, Reach::metadata},  // AWS, Azure, Google Cloud and others
    Block4{ip(169, 254, 170, 0), 24, Reach::metadata},    // AWS containers
    Block4{ip(100, 100, 100, 200), 32, Reach::metadata},  // Alibaba Cloud
    Block4{ip(192, 0, 0, 192), 32, Reach::metadata},      // Oracle Cloud
    Block4{ip(168, 63, 129, 16), 32, Reach::metadata},    // Azure
    Block4{ip(0, 0, 0, 0), 8, Reach::impossible},         // the kernel takes 0.0.0.0 for this machine
    Block4{ip(127, 0, 0, 0), 8, Reach::loopback},        Block4{ip(10, 0, 0, 0), 8, Reach::nearby},
    Block4{ip(100, 64, 0, 0), 10, Reach::nearby},        Block4{ip(169, 254, 0, 0), 16, Reach::nearby},
    Block4{ip(172, 16, 0, 0), 12, Reach::nearby},        Block4{ip(192, 168, 0, 0), 16, Reach::nearby},
    Block4{ip(192, 0, 0, 0), 24, Reach::impossible},     Block4{ip(192, 0, 2, 0), 24, Reach::nearby},
    Block4{ip(192, 88, 99, 0), 24, Reach::impossible},  // 6to4 relays, given up
    Block4{ip(198, 18, 0, 0), 15, Reach::nearby},        Block4{ip(198, 51, 100, 0), 24, Reach::nearby},
    Block4{ip(203, 0, 113, 0), 24, Reach::nearby},       Block4{ip(224, 0, 0, 0), 4, Reach::impossible},
    Block4{ip(240, 0, 0, 0), 4, Reach::impossible},
};

Reach reach_of4(std::uint32_t address) noexcept {
  for (const Block4& block : kBlocks4) {
    const std::uint32_t mask = ~std::uint32_t{0} << static_cast<unsigned>(32 - block.bits);
    if ((address & mask) == block.network) return block.reach;
  }
  return Reach::world;
}

using Bytes = std::array<std::uint8_t, 16>;

bool begins(const Bytes& bytes, std::initializer_list<int> with) {
  return std::equal(with.begin(), with.end(), bytes.begin(), [](int want, std::uint8_t is) { return want == is; });
}

std::uint32_t four(const Bytes& bytes, std::size_t at) {
  return ip(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

// The IPv4 address that an IPv6 one stands for: packets to it end there.
std::optional<std::uint32_t> embedded(const Bytes& b) {
  if (begins(b, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return four(b, 12);               // mapped
  if (begins(b, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return four(b, 12);            // NAT64
  if (begins(b, {0x20, 0x02})) return four(b, 2);                                              // 6to4
  if ((b[8] & 0xfdU) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe) return four(b, 12);  // ISATAP
  return std::nullopt;
}

Reach reach_of6(const Bytes& b) noexcept {
  static constexpr Bytes kNone{};
  static constexpr Bytes kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (b == kNone) return Reach::impossible;
  if (b == kLoopback) return Reach::loopback;
  if (begins(b, {0xfd, 0x00, 0x0e, 0xc2}) || begins(b, {0xfd, 0x20, 0x00, 0xce})) return Reach::metadata;  // AWS, GCP
  if ((b[0] & 0xfeU) == 0xfcU) return Reach::nearby;                  // unique local
  if (b[0] == 0xfe && (b[1] & 0x80U) != 0) return Reach::nearby;      // link-local, and the old site-local
  if ((b[0] & 0xe0U) != 0x20U) return Reach::impossible;              // all but 2000::/3
  if (begins(b, {0x20, 0x01}) && b[2] < 2) return Reach::impossible;  // Teredo, benchmarks, ORCHID, protocols
  if (begins(b, {0x20, 0x01, 0x0d, 0xb8})) return Reach::impossible;  // documentation
  if (begins(b, {0x3f, 0xff}) && (b[2] & 0xf0U) == 0) return Reach::impossible;
  return Reach::world;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.empty() || text.size() > INET6_ADDRSTRLEN) return std::nullopt;
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  in_addr four_bytes{};
  // inet_pton takes no other form than four decimal numbers without leading zeros.
  if (::inet_pton(AF_INET, copy.c_str(), &four_bytes) == 1) return v4(ntohl(four_bytes.s_addr));
  Bytes bytes{};
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return v6(bytes);
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from(const sockaddr* address, socklen_t size) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return v4(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    Bytes bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return v6(bytes);
  }
  return std::nullopt;
}

IpAddress IpAddress::v4(std::uint32_t number) noexcept {
  IpAddress address;
  address.v4_ = true;
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes_[12 + i] = static_cast<std::uint8_t>(number >> (24U - 8U * static_cast<unsigned>(i)));
  return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) noexcept {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

std::uint32_t IpAddress::number() const noexcept {
  return four(bytes_, 12);
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  ::inet_ntop(v4_ ? AF_INET : AF_INET6, v4_ ? bytes_.data() + 12 : bytes_.data(), out.data(), out.size());
  return out.data();
}

std::string IpAddress::with_port(std::uint16_t port) const {
  return v4_ ? fmt::format("{}:{}", text(), port) : fmt::format("[{}]:{}", text(), port);
}

socklen_t IpAddress::fill(sockaddr_storage& into, std::uint16_t port) const noexcept {
  into = {};
  if (v4_) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(number());
    std::memcpy(&into, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, bytes_.data(), bytes_.size());
  std::memcpy(&into, &in, sizeof in);
  return sizeof in;
}

std::string_view to_string(Reach reach) noexcept {
  switch (reach) {
    case Reach::world:
      return "a public address";
    case Reach::loopback:
      return "this machine itself";
    case Reach::nearby:
      return "a private address";
    case Reach::metadata:
      return "a cloud's metadata service";
    case Reach::impossible:
      break;
  }
  return "an address that no host has";
}

Reach reach_of(const IpAddress& address) noexcept {
  if (address.is_v4()) return reach_of4(address.number());
  const auto inner = embedded(address.bytes());
  if (!inner) return reach_of6(address.bytes());
  const Reach reach = reach_of4(*inner);
  // The wrapping is fine only for what could be reached anyway; ISATAP's lies in a prefix of its own.
  const bool isatap = (address.bytes()[10] == 0x5e && address.bytes()[11] == 0xfe);
  return isatap ? std::max(reach, reach_of6(address.bytes())) : reach;
}

}  // namespace hearth::egress
