// Telling systemd how the daemon is. Nothing happens where there is no systemd. Any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace hearth::daemon {

void notify_ready(std::string_view status);
void notify_stopping();
void notify_alive();
// How often notify_alive() is expected; nullopt: not at all.
std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace hearth::daemon
