// How fast a model answers lately, and how often it does not: running estimates over the calls that were made to it.
//
// Each call moves an estimate by a fifth of the way to what it was itself (the first ones by more, so that they start
// at their mean). After ten minutes without a call nothing is known any longer: so a model that is passed over for its
// slowness is tried again. Written by one thread, read by any.
#pragma once

#include <hearth/core/clock.h>

#include <atomic>
#include <cstdint>
#include <optional>

namespace hearth::gateway {

class Pace {
 public:
  // What is known now; nullopt: nothing.
  struct Figures {
    std::optional<double> first_byte;         // seconds from the request to the first byte of a streamed answer
    std::optional<double> tokens_per_second;  // of output, over all of the time that the answer took
    std::optional<double> failing;            // share of calls without a usable answer, 0 to 1
  };
  // Of one call that was answered.
  struct Answer {
    std::optional<double> first_byte = {};  // seconds; not of answers that come whole: theirs is there with the last
    double seconds = 0;
    std::uint64_t output_tokens = 0;  // 0: nobody said
  };

  void answered(const Answer& answer, SteadyTime now) noexcept;
  void failed(SteadyTime now) noexcept;
  [[nodiscard]] Figures at(SteadyTime now) const noexcept;

 private:
  class Estimate {
   public:
    void add(double value, SteadyTime now) noexcept;
    [[nodiscard]] std::optional<double> at(SteadyTime now) const noexcept;

   private:
    [[nodiscard]] bool stale(SteadyTime now) const noexcept;
    std::atomic<double> value_{0};
    std::atomic<SteadyTime> last_{SteadyTime::min()};  // min: there was none
    int count_ = 0;                                    // as far as it matters; the writer's
  };
  Estimate first_byte_;
  Estimate tokens_per_second_;
  Estimate failing_;
};

}  // namespace hearth::gateway
