#include "interrupt.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>

namespace hearth::tool {
namespace {

std::atomic<bool> g_progress{false};
std::atomic<bool> g_has_path{false};
std::array<char, PATH_MAX> g_path{};  // written only while g_has_path is false

static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_interrupt(int signal) {
  constexpr char kErase[] = "\r\033[K";
  if (g_progress.load()) [[maybe_unused]]
    const ssize_t n = ::write(STDERR_FILENO, kErase, sizeof(kErase) - 1);
  if (g_has_path.load()) ::unlink(g_path.data());
  // Die of the signal itself, so that the shell knows.
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void handle_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  // Without SA_NODEFER the raised signal stays pending until the handler returns, which is fine: nothing else runs.
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

void progress_line_shown(bool shown) noexcept {
  g_progress.store(shown);
}

void remove_on_interrupt(const std::string& path) noexcept {
  g_has_path.store(false);
  if (path.empty() || path.size() + 1 > g_path.size()) return;
  std::memcpy(g_path.data(), path.c_str(), path.size() + 1);
  g_has_path.store(true);
}

}  // namespace hearth::tool
