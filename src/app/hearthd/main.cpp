#include "daemon.h"
#include "options.h"

#include <hearth/core/log.h>

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  using namespace hearth;
  std::signal(SIGPIPE, SIG_IGN);
  try {
    auto config = daemon::configure(argc, argv);
    if (!config) {
      fmt::print(stderr, "hearthd: {}\n", config.error().describe());
      return 2;
    }
    log::init(config->log.level,
              config->log.format.value_or(::isatty(STDERR_FILENO) != 0 ? log::Format::text : log::Format::json));
    const auto ended = daemon::run(std::move(*config));
    if (ended) return 0;
    log::error("hearthd", "stopped", {{"error", ended.error().describe()}});
    return ended.error().is(Errc::invalid_argument) ? 2 : 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "hearthd: a fault of ours: {}\n", e.what());
    return 1;
  }
}
