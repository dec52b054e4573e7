// What hearthd and hearth-gate say to each other: one message a datagram on a Unix socket (SOCK_SEQPACKET), words of
// ASCII with one blank between them. Whatever is not exactly so is refused. Pure; fuzzed.
//
//   open ID PURPOSE PORT HOST WHO MILLIS        open a connection within so long
//   drop ID                                     its answer is not waited for any more
//   policy MODE COUNT, then a line "PURPOSE|any PORT HOST near|far" for each rule
//   proxy PURPOSE WHO                           with a listening socket: serve as a proxy on it
//   verdict ID yes|no [SENTENCE]                may that connection of a proxy's client be opened?
//
//   opened ID ADDRESS                           with the connected socket
//   failed ID CODE SENTENCE
//   asks ID PURPOSE PORT HOST WHO               a proxy's client wants to go there
//   over ID SENT RECEIVED                       that connection has ended; bytes
#pragma once

#include <hearth/egress/destination.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace hearth::egress {

inline constexpr std::size_t kMaxGateMessage = 128 * 1024;
inline constexpr std::size_t kMaxGateRules = 256;
inline constexpr std::size_t kMaxSentence = 1000;

struct OpenMessage {
  std::uint64_t id = 0;
  Destination to;
  std::uint32_t millis = 0;
  bool operator==(const OpenMessage&) const = default;
};
struct DropMessage {
  std::uint64_t id = 0;
  bool operator==(const DropMessage&) const = default;
};
struct PolicyMessage {
  Policy policy;
  bool operator==(const PolicyMessage&) const = default;
};
struct ProxyMessage {
  Purpose purpose = Purpose::pack;
  std::string who;
  bool operator==(const ProxyMessage&) const = default;
};
struct VerdictMessage {
  std::uint64_t id = 0;
  bool yes = false;
  std::string sentence;  // when it is no
  bool operator==(const VerdictMessage&) const = default;
};
using ToGate = std::variant<OpenMessage, DropMessage, PolicyMessage, ProxyMessage, VerdictMessage>;

struct OpenedMessage {
  std::uint64_t id = 0;
  std::string address;  // with its port
  bool operator==(const OpenedMessage&) const = default;
};
struct FailedMessage {
  std::uint64_t id = 0;
  Errc code = Errc::unavailable;
  std::string sentence;
  bool operator==(const FailedMessage&) const = default;
};
struct AsksMessage {
  std::uint64_t id = 0;
  Destination to;
  bool operator==(const AsksMessage&) const = default;
};
struct OverMessage {
  std::uint64_t id = 0;
  std::uint64_t sent = 0;      // by the client, to the world
  std::uint64_t received = 0;  // from it
  bool operator==(const OverMessage&) const = default;
};
using FromGate = std::variant<OpenedMessage, FailedMessage, AsksMessage, OverMessage>;

// What is longer than allowed or would not be read back is cut or replaced: a message that was written is well-formed.
std::string write_message(const ToGate& message);
std::string write_message(const FromGate& message);
// protocol_error.
Result<ToGate> read_to_gate(std::string_view text);
Result<FromGate> read_from_gate(std::string_view text);

}  // namespace hearth::egress
