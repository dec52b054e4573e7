// What was decided for the last calls, for `hearth explain call`. Bounded, in memory only; never what they were about.
// Thread-safe.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/data_class.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::gateway {

struct CallStory {
  std::string id;
  WallTime ended;
  std::string principal;  // id of the key
  std::string agent;      // on whose behalf it was; empty: nobody's
  std::string operation;
  std::string requested_model;
  DataClass data_class = kUnknownClass;
  struct Lowered {
    std::string rule;  // of `declassify`; empty: none lowered the class
    DataClass from = kUnknownClass;
  };
  Lowered lowered;
  std::string found;   // what made it so: "2 email, 1 card"; never the data themselves
  std::string model;   // that answered, or was asked last
  std::string reason;  // why that one
  std::string source;  // of an answer that nobody was asked for: "cache", "joined", "replayed"; else empty
  int status = 0;
  double seconds = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  struct Passed {
    std::string model;
    std::string reason;
  };
  std::vector<Passed> passed;  // who was not asked, and why
  struct Tried {
    std::string model;
    int status = 0;
    std::string error;  // empty: it answered
    double seconds = 0;
    std::string region;  // where it computes and how long it keeps what it gets, as hearth.yaml says
    std::string retention;
  };
  std::vector<Tried> tried;
  // What was left out of the request on its way there; nothing where bytes is 0.
  struct Trimmed {
    std::uint64_t bytes = 0;
    std::uint64_t tokens = 0;                                  // estimated
    std::vector<std::pair<std::string, std::uint64_t>> steps;  // tokens by step
    std::string resting;                                       // steps that did not pay for this model lately
  };
  Trimmed trimmed;
};

class CallLog {
 public:
  explicit CallLog(std::size_t most = 1000) : most_(most) {}
  void add(CallStory story);
  [[nodiscard]] std::optional<CallStory> find(std::string_view id) const;
  // The newest first.
  [[nodiscard]] std::vector<CallStory> last(std::size_t count) const;

 private:
  std::size_t most_;
  mutable std::mutex mutex_;
  std::vector<CallStory> stories_;  // a ring, once it is full
  std::size_t oldest_ = 0;
};

}  // namespace hearth::gateway
