// The five things that the tour shows, each on real input and through the public API.
#pragma once

#include "../session.h"
#include "inputs.h"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::tool::tour {

// What a station found out. `measured` is compared with its Limit.
struct Finding {
  std::string input;         // "5 LibriVox clips, 25 s"
  std::string result;        // what came out, in short
  bool keep_result = false;  // it is a path: cut, it would be of no use
  double measured = 0;
  std::string counted;  // "4 of 61 words"
};

using Run = Result<Finding> (*)(Session&, const Inputs&, Progress&);

struct Station {
  std::string_view name;
  Run run;
  std::span<const std::string_view> tasks;  // of the engines that take part
};

// In the order in which they are shown.
std::span<const Station> stations() noexcept;

Result<Finding> listen_station(Session& session, const Inputs& inputs, Progress& progress);
Result<Finding> read_station(Session& session, const Inputs& inputs, Progress& progress);
Result<Finding> see_station(Session& session, const Inputs& inputs, Progress& progress);
Result<Finding> speak_station(Session& session, const Inputs& inputs, Progress& progress);
Result<Finding> search_station(Session& session, const Inputs& inputs, Progress& progress);

}  // namespace hearth::tool::tour
