#include <hearth/gateway/metrics.h>

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace hearth::gateway {

namespace prom = prometheus;

namespace {

// Seconds; OpenTelemetry's advice for gen_ai.server.request.duration, with finer steps below for small models.
const prom::Histogram::BucketBoundaries& duration_buckets() {
  static const prom::Histogram::BucketBoundaries buckets{0.0005, 0.001, 0.0025, 0.005, 0.01,  0.02,
                                                         0.04,   0.08,  0.16,   0.32,  0.64,  1.28,
                                                         2.56,   5.12,  10.24,  20.48, 40.96, 81.92};
  return buckets;
}

// What one kind of call adds to. A series that has seen nothing yet is null: it is not to be shown.
struct Series {
  prom::Histogram* duration = nullptr;
  prom::Histogram* first_byte = nullptr;
  prom::Counter* requests = nullptr;
  prom::Counter* input = nullptr;
  prom::Counter* output = nullptr;
};

}  // namespace

struct Metrics::Impl {
  // By operation, model and status: to find a series by its labels takes the registry several microseconds.
  std::map<std::tuple<std::string, std::string, int>, Series, std::less<>> series;  // under mutex
  std::mutex mutex;
  std::shared_ptr<prom::Registry> registry = std::make_shared<prom::Registry>();
  prom::Family<prom::Histogram>& duration = prom::BuildHistogram()
                                                .Name("gen_ai_server_request_duration_seconds")
                                                .Help("Time from a request's arrival to the last byte of its answer.")
                                                .Register(*registry);
  prom::Family<prom::Histogram>& first_byte = prom::BuildHistogram()
                                                  .Name("gen_ai_server_time_to_first_token_seconds")
                                                  .Help("Time to the first byte of a streamed answer.")
                                                  .Register(*registry);
  prom::Family<prom::Counter>& tokens = prom::BuildCounter()
                                            .Name("gen_ai_client_token_usage_total")
                                            .Help("Tokens in and out, by operation and model.")
                                            .Register(*registry);
  prom::Family<prom::Counter>& trimmed_tokens =
      prom::BuildCounter()
          .Name("hearth_trim_saved_tokens_total")
          .Help("Tokens, estimated, that were left out of chats on their way to a provider, by step.")
          .Register(*registry);
  prom::Family<prom::Counter>& trimmed_seconds =
      prom::BuildCounter().Name("hearth_trim_seconds_total").Help("Time that this took, by step.").Register(*registry);
  prom::Family<prom::Counter>& requests = prom::BuildCounter()
                                              .Name("hearth_requests_total")
                                              .Help("Requests answered, by operation and HTTP status.")
                                              .Register(*registry);
  prom::Family<prom::Gauge>& process =
      prom::BuildGauge().Name("hearth_process").Help("Of hearthd itself, by kind.").Register(*registry);
  prom::Family<prom::Gauge>& engine_memory = prom::BuildGauge()
                                                 .Name("hearth_engine_memory_bytes")
                                                 .Help("PSS of an engine's process tree.")
                                                 .Register(*registry);
  prom::Family<prom::Gauge>& engine_reserved = prom::BuildGauge()
                                                   .Name("hearth_engine_reserved_bytes")
                                                   .Help("Memory set aside for an engine, or that it would need.")
                                                   .Register(*registry);
  prom::Family<prom::Gauge>& engines_memory =
      prom::BuildGauge()
          .Name("hearth_engines_memory_bytes")
          .Help("Of all engines together, by kind: budget, usable, reserved, measured (PSS).")
          .Register(*registry);
  prom::Family<prom::Gauge>& evictions = prom::BuildGauge()
                                             .Name("hearth_engine_evictions")
                                             .Help("Idle engines that left for others' sake since hearthd started.")
                                             .Register(*registry);
  prom::Family<prom::Gauge>& answers = prom::BuildGauge()
                                           .Name("hearth_cache_lookups")
                                           .Help(
                                               "Lookups since hearthd started, by what came of them; joined: calls "
                                               "that followed one under way.")
                                           .Register(*registry);
  prom::Family<prom::Gauge>& answers_bytes =
      prom::BuildGauge().Name("hearth_cache_bytes").Help("Size of the cache, by tier.").Register(*registry);
  prom::Family<prom::Gauge>& answers_saved = prom::BuildGauge()
                                                 .Name("hearth_cache_saved_tokens")
                                                 .Help("Tokens that hits would have taken since hearthd started.")
                                                 .Register(*registry);
  prom::Family<prom::Gauge>& engine_up =
      prom::BuildGauge().Name("hearth_engine_ready").Help("1 when the engine is ready.").Register(*registry);
  prom::Family<prom::Gauge>& engine_in_flight =
      prom::BuildGauge().Name("hearth_engine_in_flight").Help("Requests the engine works on.").Register(*registry);
  prom::Family<prom::Gauge>& engine_queued =
      prom::BuildGauge().Name("hearth_engine_queued").Help("Requests that wait for the engine.").Register(*registry);
  prom::Family<prom::Gauge>& engine_restarts = prom::BuildGauge()
                                                   .Name("hearth_engine_restarts")
                                                   .Help("Restarts after failures since hearthd started.")
                                                   .Register(*registry);
  prom::Family<prom::Gauge>& engine_stalls = prom::BuildGauge()
                                                 .Name("hearth_engine_stalls")
                                                 .Help("Times it was replaced because a request made no progress.")
                                                 .Register(*registry);
  prom::Family<prom::Gauge>& engine_recycles = prom::BuildGauge()
                                                   .Name("hearth_engine_recycles")
                                                   .Help("Fresh processes because it used more and more memory.")
                                                   .Register(*registry);

  prom::Family<prom::Gauge>& upstream_first_byte =
      prom::BuildGauge()
          .Name("hearth_upstream_first_byte_seconds")
          .Help("Time until a streamed answer of this model begins, as its last calls had it.")
          .Register(*registry);
  prom::Family<prom::Gauge>& upstream_speed =
      prom::BuildGauge()
          .Name("hearth_upstream_tokens_per_second")
          .Help("Tokens of this model's answers by the time they took, as its last calls had it.")
          .Register(*registry);
  prom::Family<prom::Gauge>& upstream_failing =
      prom::BuildGauge()
          .Name("hearth_upstream_failing_ratio")
          .Help("Share of calls to this model without a usable answer, as the last ones had it.")
          .Register(*registry);

  // What is not known any longer is not shown.
  static void show(prom::Family<prom::Gauge>& family, const prom::Labels& labels, double value) {
    prom::Gauge& gauge = family.Add(labels);
    if (value < 0) return family.Remove(&gauge);
    gauge.Set(value);
  }

  void show(const UpstreamSample& sample) {
    const prom::Labels labels{{"upstream", sample.upstream}, {"gen_ai_request_model", sample.model}};
    show(upstream_first_byte, labels, sample.first_byte_seconds);
    show(upstream_speed, labels, sample.tokens_per_second);
    show(upstream_failing, labels, sample.failing);
  }

  const Series& series_of(const CallRecord& call) {
    const auto found = series.find(std::tuple(call.operation, call.model, call.status));
    Series& its = found != series.end() ? found->second
                                        : series[{std::string(call.operation), std::string(call.model), call.status}];
    const bool complete = its.duration != nullptr && (its.first_byte != nullptr || call.first_byte_seconds < 0) &&
                          (its.input != nullptr || call.input_tokens == 0) &&
                          (its.output != nullptr || call.output_tokens == 0);
    if (!complete) look_up(call, its);
    return its;
  }

  void record(const trim::Trimmed& trimmed) {
    for (const trim::Step step : trim::kAllSteps) {
      const trim::StepReport& its = trimmed.of(step);
      const prom::Labels labels{{"step", std::string(to_string(step))}};
      if (its.saved() > 0) trimmed_tokens.Add(labels).Increment(static_cast<double>(its.saved()));
      if (its.took.count() > 0) trimmed_seconds.Add(labels).Increment(std::chrono::duration<double>(its.took).count());
    }
  }

  void look_up(const CallRecord& call, Series& its) {
    prom::Labels labels{{"gen_ai_operation_name", std::string(call.operation)}, {"gen_ai_provider_name", "hearth"}};
    if (!call.model.empty()) labels["gen_ai_request_model"] = std::string(call.model);
    const auto tokens_of = [&](const char* type) {
      prom::Labels with_type = labels;
      with_type["gen_ai_token_type"] = type;
      return &tokens.Add(with_type);
    };
    if (call.input_tokens > 0) its.input = tokens_of("input");
    if (call.output_tokens > 0) its.output = tokens_of("output");
    if (call.first_byte_seconds >= 0) its.first_byte = &first_byte.Add(labels, duration_buckets());
    if (call.status >= 400) labels["error_type"] = std::to_string(call.status);
    its.duration = &duration.Add(labels, duration_buckets());
    its.requests = &requests.Add({{"operation", std::string(call.operation)}, {"status", std::to_string(call.status)}});
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::record(const CallRecord& call) {
  const std::lock_guard lock(impl_->mutex);
  const Series& series = impl_->series_of(call);
  if (call.input_tokens > 0) series.input->Increment(static_cast<double>(call.input_tokens));
  if (call.output_tokens > 0) series.output->Increment(static_cast<double>(call.output_tokens));
  if (call.first_byte_seconds >= 0) series.first_byte->Observe(call.first_byte_seconds);
  series.duration->Observe(call.seconds);
  series.requests->Increment();
  if (call.trimmed != nullptr) impl_->record(*call.trimmed);
}

std::string Metrics::expose(const Gauges& gauges) {
  Impl& m = *impl_;
  m.process.Add({{"kind", "requests_in_flight"}}).Set(static_cast<double>(gauges.in_flight));
  m.process.Add({{"kind", "memory_bytes"}}).Set(static_cast<double>(gauges.memory));
  m.process.Add({{"kind", "spool_bytes"}}).Set(static_cast<double>(gauges.spool));
  for (const auto& [kind, bytes] : {std::pair{"budget", gauges.budget.budget},
                                    {"usable", gauges.budget.usable},
                                    {"reserved", gauges.budget.reserved},
                                    {"measured", gauges.budget.measured}})
    m.engines_memory.Add({{"kind", kind}}).Set(static_cast<double>(bytes));
  m.evictions.Add({}).Set(static_cast<double>(gauges.budget.evictions));
  const AnswersSample& a = gauges.answers;
  for (const auto& [outcome, count] :
       {std::pair{"memory_hit", a.memory_hits}, {"disk_hit", a.disk_hits}, {"miss", a.misses}, {"joined", a.joined}})
    m.answers.Add({{"outcome", outcome}}).Set(static_cast<double>(count));
  for (const auto& [tier, bytes] : {std::pair{"memory", a.memory_bytes}, {"disk", a.disk_bytes}})
    m.answers_bytes.Add({{"tier", tier}}).Set(static_cast<double>(bytes));
  for (const auto& [type, tokens] : {std::pair{"input", a.saved_input_tokens}, {"output", a.saved_output_tokens}})
    m.answers_saved.Add({{"gen_ai_token_type", type}}).Set(static_cast<double>(tokens));
  for (const UpstreamSample& upstream : gauges.upstreams) m.show(upstream);
  for (const EngineSample& engine : gauges.engines) {
    const prom::Labels labels{{"engine", engine.name}};
    m.engine_memory.Add(labels).Set(static_cast<double>(engine.memory));
    m.engine_reserved.Add(labels).Set(static_cast<double>(engine.reserved));
    m.engine_up.Add(labels).Set(engine.state == "ready" ? 1 : 0);
    m.engine_in_flight.Add(labels).Set(engine.in_flight);
    m.engine_queued.Add(labels).Set(engine.queued);
    m.engine_restarts.Add(labels).Set(engine.restarts);
    m.engine_stalls.Add(labels).Set(engine.stalls);
    m.engine_recycles.Add(labels).Set(engine.recycles);
  }
  return prom::TextSerializer().Serialize(m.registry->Collect());
}

}  // namespace hearth::gateway
