// The egress ledger's records and how they are written: one JSON object each, with the fields in one order, no white
// space and one way to write each value, so that equal records have equal bytes, and equal hashes. docs/egress.md has
// the format. Pure functions.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/data_class.h>
#include <hearth/core/error.h>
#include <hearth/egress/destination.h>
#include <hearth/egress/merkle.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hearth::egress {

enum class Outcome {
  answered,   // in full
  failed,     // no answer, or one that says no
  broken,     // the answer was cut off midway
  cancelled,  // whoever asked has gone
};

std::string_view to_string(Outcome outcome) noexcept;

// Texts are UTF-8 of at most kMaxText bytes.
inline constexpr std::size_t kMaxText = 512;

// Before the first byte.
struct Begin {
  WallTime time;     // kept to the millisecond
  std::string call;  // the request's id; attempts share it
  std::string who;   // a key's id, an agent
  DataClass data_class = kUnknownClass;
  std::string rule;  // what allowed it
  Purpose purpose = Purpose::provider;
  std::string destination;  // "api.example.com:443"
  std::string upstream;
  std::string model;
  std::uint64_t bytes = 0;  // of what is to be sent; 0: not known beforehand
  std::string sha256;       // of what is to be sent, in hex; empty: not known beforehand
  bool operator==(const Begin&) const = default;
};

// After the last byte.
struct Complete {
  std::uint64_t begin = 0;  // the number of its begin record; the ledger fills it in
  WallTime time;
  Outcome outcome = Outcome::failed;
  std::uint32_t status = 0;  // HTTP's; 0: none came
  std::uint64_t sent = 0;    // bytes that really went
  std::uint64_t received = 0;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  bool operator==(const Complete&) const = default;
};

// In place of records that were removed for their age: what they add up to, since the ledger's first.
struct Fold {
  struct Sum {
    DataClass data_class = kUnknownClass;
    std::string rule;
    Purpose purpose = Purpose::provider;
    std::string destination;
    std::uint64_t calls = 0;
    std::uint64_t bytes = 0;  // sent, as far as it was known
    bool operator==(const Sum&) const = default;
  };
  WallTime time;
  std::uint64_t until = 0;  // the records before this number
  Hash last{};              // leaf hash of the last of them
  WallTime first_call;
  WallTime last_call;
  std::vector<Sum> sums;
  bool operator==(const Fold&) const = default;
};

using Entry = std::variant<Begin, Complete, Fold>;

struct Record {
  Hash previous{};  // leaf hash of the record before it; zeros: it is the first
  Entry entry;
  bool operator==(const Record&) const = default;
};

// The entry as it will stand in its record. invalid_argument: a text that is too long or no UTF-8, a time before 1970,
// a hash that is none, a number above 2^63 - 1.
Result<std::string> encode(const Entry& entry);
Result<std::string> encode(const Begin& entry);
Result<std::string> encode(const Complete& entry);
// Would encode() write it, whatever the number of its begin record will be?
bool is_writable(const Complete& entry) noexcept;
// The record: its bytes are the leaf's data. `entry` is what encode() gave.
std::string join(const Hash& previous, std::string_view entry);
// corrupt: anything that join() and encode() would not have written, to the byte.
Result<Record> decode(std::string_view record);

}  // namespace hearth::egress
