// One step of a route: a model, and when it is taken.
//
//   local if size<8k and class<=personal
//   openai/gpt-5 if price<0.02USD and no metered
//   any if quality>=0.7
//   openai/gpt-5-mini if hours 22:00-06:00
//   anthropic/claude-sonnet-5
//
// A step is a model's name (`local`: any model of this box; `any`: whoever costs least) and, after `if`, conditions
// joined by `and`:
//   size<N, size>=N        bytes of the request's body; k and M stand for 1,000 and 1,000,000
//   class<=NAME, class>=NAME
//   hours HH:MM-HH:MM      of the box's own time zone; may go over midnight
//   tools, no tools        the request has tools
//   images, no images      it has images
//   online, no online      the world outside can be reached
//   metered, no metered    the line to it costs by volume
// and of each model that the step leads to:
//   price<AMOUNT           about what it would ask for the call, in a currency: price<0.02USD; 0 for what is yours
//   quality>=FIGURE        how good the box's owner holds it to be, 0 to 1; does not hold where nobody said
//   first_byte<TIME        how long its streamed answers took to begin lately: first_byte<2s; holds while nobody knows
#pragma once

#include <hearth/core/data_class.h>
#include <hearth/core/error.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::config {

// In billionths of the currency (core/money.h).
struct Price {
  std::string currency;
  std::int64_t nano = 0;
  friend bool operator==(const Price&, const Price&) = default;
};

struct RouteStep {
  std::string model;
  std::uint64_t least_size = 0;
  std::optional<std::uint64_t> below_size;
  DataClass least_class = DataClass::open;
  DataClass most_class = DataClass::secret;
  struct Hours {
    int from = 0;  // minutes since midnight
    int to = 0;
    friend bool operator==(const Hours&, const Hours&) = default;
  };
  std::optional<Hours> hours;
  std::optional<bool> tools;
  std::optional<bool> images;
  std::optional<bool> online;
  std::optional<bool> metered;
  std::optional<Price> below_price;
  std::optional<std::chrono::milliseconds> below_first_byte;
  std::optional<double> least_quality;
  friend bool operator==(const RouteStep&, const RouteStep&) = default;
};

// What a step's conditions on the call are about.
struct RouteFacts {
  std::uint64_t size = 0;
  DataClass data_class = kUnknownClass;
  int minute_of_day = 0;  // local time
  bool tools = false;
  bool images = false;
  bool online = true;
  bool metered = false;
};

// What its conditions on a model are about.
struct ModelFacts {
  std::optional<Price> price = {};        // of this call; nullopt: nobody knows
  std::optional<double> first_byte = {};  // seconds; nullopt: not measured lately
  std::optional<double> quality = {};     // nullopt: nobody said
};

// How good a model is, by its id: "openai/gpt-5 0.9".
struct Quality {
  std::string model;
  double figure = 0;  // 0 to 1
};

// invalid_argument says what is wrong with it.
Result<Quality> parse_quality(std::string_view text);
Result<RouteStep> parse_route_step(std::string_view text);
// The first condition that does not hold, and what is the case instead: "size<8k: the request has 9000 bytes". Empty:
// all hold.
std::string unmet(const RouteStep& step, const RouteFacts& facts);
std::string unmet(const RouteStep& step, const ModelFacts& facts);

}  // namespace hearth::config
