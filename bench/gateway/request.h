// What the load of `make bench-gateway` asks for: chat requests whose bytes are made once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::bench {

struct Target {
  std::string name;
  std::uint16_t port = 0;  // of 127.0.0.1
  std::string fields;      // header lines that it needs, each with its line break
  std::string model = "bench";
};

// Bytes of the request's body, and of the answer's.
struct Payload {
  std::size_t request = 512;
  std::size_t answer = 512;
};
struct Paced {
  unsigned deltas = 64;
  std::uint32_t pace_us = 20'000;
};

enum class Repeats {
  differ,  // each request has a number of its own: no cache has its answer
  same,
};

// One HTTP request. Those that differ do so in sixteen digits near the beginning of the body.
class Request {
 public:
  static Request whole(const Target& target, Payload payload, Repeats repeats);
  static Request stream(const Target& target, Paced paced);

  // The next one's bytes, valid until the next call.
  std::string_view next();
  // A script that makes wrk send the same.
  [[nodiscard]] std::string wrk_script() const;

 private:
  Request(const Target& target, std::string_view options, std::size_t size, Repeats repeats);
  std::string bytes_;
  std::size_t number_at_;  // in bytes_
  Repeats repeats_;
};

}  // namespace hearth::bench
