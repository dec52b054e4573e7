// Requests that are timed: one after the other, or a closed loop of N connections that each send the next request when
// the last was answered. On one thread, with the daemon's own HTTP client, which costs a few microseconds a request.
#pragma once

#include "samples.h"

#include <hearth/core/error.h>
#include <hearth/net/client.h>

#include <chrono>
#include <string>
#include <vector>

namespace hearth::bench {

struct Ask {
  std::string target;
  std::string content_type = "application/json";
  std::string body;
  std::string method = "POST";
};

struct Reply {
  std::string body;
  std::size_t first_part = 0;  // bytes that came with the first read
  double seconds = 0;          // from before the request is sent (and connected) until the answer's last byte
  double first_byte = 0;       // until the first byte of the answer's body
};
// On a connection of its own. An answer that is not 2xx is protocol_error with its body.
Result<Reply> ask(const net::Endpoint& to, const Ask& what);

struct Loaded {
  Samples seconds;     // of each request
  Samples first_byte;  // of each answer's body, from the request's beginning
  double elapsed = 0;
  std::size_t answered = 0;
};
// Each connection starts at another of `asks` and goes round. The first fifth of the time warms up and is not counted.
// The first answer that is not 2xx ends it: protocol_error.
Result<Loaded> load(const net::Endpoint& to, const std::vector<Ask>& asks, std::size_t connections,
                    std::chrono::nanoseconds duration);
// The same until as many requests were answered as there are `asks`.
Result<Loaded> load_once(const net::Endpoint& to, const std::vector<Ask>& asks, std::size_t connections);

// A multipart form with one file and further fields.
Ask form(std::string target, std::string_view file_field, std::string_view file_name, std::string_view bytes,
         const std::vector<std::pair<std::string, std::string>>& fields = {});

}  // namespace hearth::bench
