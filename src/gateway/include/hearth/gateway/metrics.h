// What Prometheus reads at /metrics, under OpenTelemetry's GenAI names where it has one.
//
// Thread-safe. Labels are few and bounded: tasks, models of the catalogue, status classes; never a name a client made
// up.
#pragma once

#include <hearth/trim/trim.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::gateway {

struct CallRecord {
  std::string_view operation;  // "embeddings", "text_to_speech", "transcription", "ocr", "detection", "chat", "other"
  std::string_view model;      // id of the catalogue; empty: none was found
  int status = 0;
  double seconds = 0;              // from the header's arrival to the last byte
  double first_byte_seconds = -1;  // of a streamed answer; negative: not streamed
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  const trim::Trimmed* trimmed = nullptr;  // how the request was sent, if anybody looked for what to leave out
};

struct EngineSample {
  std::string name;
  std::string state;
  std::uint64_t memory = 0;
  std::uint64_t reserved = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t queued = 0;
  std::uint32_t restarts = 0;
  std::uint32_t stalls = 0;
  std::uint32_t recycles = 0;
};

// How a model did lately (pace.h); negative: nobody knows.
struct UpstreamSample {
  std::string upstream;
  std::string model;
  double first_byte_seconds = -1;
  double tokens_per_second = -1;
  double failing = -1;
};

// Memory of all engines together, in bytes.
struct BudgetSample {
  std::uint64_t budget = 0;
  std::uint64_t usable = 0;
  std::uint64_t reserved = 0;
  std::uint64_t measured = 0;
  std::uint64_t evictions = 0;
};

// Calls that nobody had to be asked for.
struct AnswersSample {
  std::uint64_t memory_hits = 0;
  std::uint64_t disk_hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t joined = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t saved_input_tokens = 0;
  std::uint64_t saved_output_tokens = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void record(const CallRecord& call);
  // What is only known when asked.
  struct Gauges {
    std::uint64_t in_flight = 0;
    std::uint64_t memory = 0;  // PSS of this process
    std::uint64_t spool = 0;
    BudgetSample budget;
    AnswersSample answers;
    std::vector<EngineSample> engines;
    std::vector<UpstreamSample> upstreams;
  };
  // The text format, version 0.0.4.
  [[nodiscard]] std::string expose(const Gauges& gauges);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::gateway
