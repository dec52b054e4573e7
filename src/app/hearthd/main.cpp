#include "daemon.h"
#include "options.h"

#include <hearth/core/log.h>
#include <hearth/engines/starter.h>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#ifdef HEARTH_TCMALLOC
#include <gperftools/malloc_extension.h>
#endif

namespace {

// A body's memory goes back to the system when its request is over: left to itself, the allocator would keep it all.
void give_memory_back() {
#ifdef HEARTH_TCMALLOC  // sanitizers have allocators of their own
  MallocExtension::instance()->SetNumericProperty("tcmalloc.aggressive_memory_decommit", 1);
#endif
}

// The usual soft limit is for programs that use select(); server.connections may ask for more. Engines get their own.
void allow_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// hwloc would load plugins, and with them the graphics drivers' libraries, if Debian's package of them is installed.
// The environment is its only switch; here no other thread reads it yet.
void keep_plugins_out() {
  ::setenv("HWLOC_PLUGINS_PATH", "/nonexistent", 1);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace hearth;  // NOLINT(google-build-using-namespace): main only puts things together
  std::signal(SIGPIPE, SIG_IGN);
  give_memory_back();
  allow_descriptors();
  keep_plugins_out();
  try {
    auto config = daemon::configure(argc, argv);
    if (!config) {
      fmt::print(stderr, "hearthd: {}\n", config.error().describe());
      return 2;
    }
    log::init(config->log.level,
              config->log.format.value_or(::isatty(STDERR_FILENO) != 0 ? log::Format::text : log::Format::json));
    // Before there is any thread.
    if (const auto launched = engines::launch_starter(); !launched)
      log::error("hearthd", "no process could be made that starts others", {{"error", launched.error().describe()}});
    const auto ended = daemon::run(std::move(*config));
    if (ended) return 0;
    log::error("hearthd", "stopped", {{"error", ended.error().describe()}});
    return ended.error().is(Errc::invalid_argument) ? 2 : 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "hearthd: a fault of ours: {}\n", e.what());
    return 1;
  }
}
