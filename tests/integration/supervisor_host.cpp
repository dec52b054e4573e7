// Runs a supervisor over a folder of engines until it is ended, so that a test can end it with SIGKILL and look at what
// is left. Prints "NAME PID" for each engine once it is ready, then "ready".
#include <hearth/engines/supervisor.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <cstdlib>

using namespace hearth;  // NOLINT(google-build-using-namespace): a program of one file

namespace {

net::awaitable<void> serve(engines::Supervisor& supervisor, net::BlockingPool& pool) {
  const auto started = co_await supervisor.start(pool);
  if (!started) std::_Exit(1);
  for (const engines::EngineStatus& engine : supervisor.snapshot()) {
    const Deadline deadline = Deadline::in(Seconds(3'600));
    const auto ready = co_await supervisor.start_engine(engine.name, deadline);
    if (!ready) {
      std::fprintf(stderr, "%s\n", ready.error().describe().c_str());
      std::_Exit(1);
    }
  }
  for (const engines::EngineStatus& engine : supervisor.snapshot())
    std::printf("%s %lld\n", engine.name.c_str(), static_cast<long long>(engine.pid));
  std::printf("ready\n");
  std::fflush(stdout);
  co_await net::sleep_for(Seconds(600));
}

}  // namespace

// usage: supervisor_host RUNTIME ENGINES
int main(int argc, char** argv) {
  if (argc != 3) return 2;
  engines::SupervisorOptions options;
  options.runtime = argv[1];
  options.containment = engines::probe_containment();
  options.sandbox = engines::SandboxMode::best_effort;
  options.cpus = 1;
  std::vector<engines::EngineSpec> specs;
  for (auto& manifest : engines::discover(argv[2]).manifests) specs.push_back({std::move(manifest), {}});
  boost::asio::io_context io(1);
  net::BlockingPool pool(1, 16);
  engines::Supervisor supervisor(io.get_executor(), options, std::move(specs));
  boost::asio::co_spawn(io, serve(supervisor, pool), [](const std::exception_ptr&) {});
  io.run();
  return 0;
}
