// When to look after what is installed, and when to try again to mend it: pure decisions of the model and pack keepers.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/models/model_manifest.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hearth::daemon {

// What a file of a model looks like from outside, without reading it.
struct FileLook {
  bool there = false;
  std::uint64_t bytes = 0;
  std::int64_t changed = 0;  // seconds of the epoch: its modification time
  friend auto operator<=>(const FileLook&, const FileLook&) = default;
};

// What is wrong with a model whose files look so, in a few words; nullopt: nothing. `files`: as the manifest has them.
// `installed`: seconds of the epoch; a file that was changed later is suspected.
std::optional<std::string> find_fault(const models::ModelManifest& manifest, const std::vector<FileLook>& files,
                                      std::int64_t installed);

struct RetryPolicy {
  Millis first{15'000};  // after a failure that time may cure, doubled for each in a row…
  Millis most{3'600'000};
  Millis refused{3'600'000};  // … and after one that it hardly will: the source is gone, or has other bytes now
  Millis refused_most{24 * 3'600'000LL};
};
// Until the next try, after `tries` failures in a row (from 1), the last with `error`.
Millis retry_pause(std::uint32_t tries, const Error& error, const RetryPolicy& policy);

// Is it time to read all files again? A time that lies in the future says that the clock was set.
bool is_due(WallTime last, WallTime now, Seconds every) noexcept;

}  // namespace hearth::daemon
