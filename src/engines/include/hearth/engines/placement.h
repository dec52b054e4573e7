// Where each engine should run: a pure function from devices, memory and engines' options to a plan that explains
// itself. Plain data in and out; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

// What a model's bytes are taken from: the machine's memory, or a card's own.
struct MemoryPool {
  std::string name;  // "system", "gpu0"
  std::uint64_t bytes = 0;
};

struct Device {
  std::string id;    // "cpu", "gpu0", "npu0"; unique
  std::string name;  // for people
  std::string pool;
  // What models may take through this device; its pool may have more.
  std::uint64_t memory = std::numeric_limits<std::uint64_t>::max();
  std::string obstacle;  // it is there and cannot be used: why; empty: it can
};

// One way to run an engine.
struct Option {
  std::string device;   // a Device::id; one that is not there counts for nothing
  std::string variant;  // of the engine, where it has several
  std::uint64_t memory = 0;
  double seconds = 1;     // for a typical request, with the device to itself
  bool measured = false;  // false: a guess
};

struct Workload {
  std::string name;       // unique
  double weight = 1;      // how much a second of waiting for it matters
  double activity = 0.1;  // the part of the time in which it computes, 0 to 1
  std::vector<Option> options;
};

struct PlacementProblem {
  std::vector<Device> devices;
  std::vector<MemoryPool> pools;
  std::vector<Workload> workloads;
};

struct WhyNot {
  std::string device;
  std::string reason;
};

struct Placement {
  std::string workload;
  std::string device;  // empty: nowhere
  std::string variant;
  std::uint64_t memory = 0;
  double seconds = 0;    // alone
  double contended = 0;  // with the device shared as planned
  bool measured = false;
  std::string reason;
  std::vector<WhyNot> others;  // every other device, by id
};

struct PlacementPlan {
  std::vector<Placement> placements;          // by workload
  std::map<std::string, std::uint64_t> used;  // bytes, by pool
  double unplaced = 0;                        // weight of what found no place
  double cost = 0;                            // the sum of weight × contended seconds
  bool best = true;                           // false: the search was cut short; the plan is good, maybe not the best
};

// As much weight as possible finds a place; then the weighted waiting is least, where a request takes as much longer on
// a shared device as the others there are busy: seconds × (1 + sum of their activities). Memory of devices and pools is
// never exceeded. The same plan for the same input in any order.
PlacementPlan plan_placement(const PlacementProblem& problem);

// Compute threads for each workload that was placed on `device` or nowhere (it then starts there when there is room):
// its expected share of `cores`, by the same rule as above, rounded up. At least 1.
std::map<std::string, std::uint32_t> thread_budgets(const PlacementProblem& problem, const PlacementPlan& plan,
                                                    std::string_view device, std::uint32_t cores);

}  // namespace hearth::engines
