// Datagrams with descriptors on a Unix socket (SOCK_SEQPACKET). Any thread; never blocks.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::egress {

struct Datagram {
  std::string text;  // empty: the other side is gone
  Fd fd;             // closed on exec; none: none came
};
// unavailable: nothing is there now; too_large: longer than `limit`; io_error.
Result<Datagram> receive_datagram(int socket, std::size_t limit);
// `fd`: sent along, and kept here; -1: none. unavailable: there is no room now; io_error (the other side is gone).
Result<void> send_datagram(int socket, std::string_view text, int fd = -1);

// A connected pair, closed on exec. io_error.
struct DatagramPair {
  Fd ours;
  Fd theirs;
};
Result<DatagramPair> make_datagram_pair();

}  // namespace hearth::egress
