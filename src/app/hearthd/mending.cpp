#include "mending.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::daemon {
namespace {

// A file and its model.yaml are written one after the other, and file systems keep times of their own precision.
constexpr std::int64_t kSameTime = 2;  // seconds

bool time_may_cure(const Error& error) {
  return !error.is(Errc::not_found) && !error.is(Errc::failed_precondition) && !error.is(Errc::invalid_argument) &&
         !error.is(Errc::unsupported);
}

}  // namespace

std::optional<std::string> find_fault(const models::ModelManifest& manifest, const std::vector<FileLook>& files,
                                      std::int64_t installed) {
  for (std::size_t i = 0; i < manifest.files.size(); ++i) {
    const models::ModelFile& file = manifest.files[i];
    const FileLook look = i < files.size() ? files[i] : FileLook();
    if (!look.there) return fmt::format("{} is missing", file.name);
    if (look.bytes != file.bytes)
      return fmt::format("{} has {} bytes instead of {}", file.name, look.bytes, file.bytes);
    if (look.changed > installed + kSameTime) return fmt::format("{} was changed after it was installed", file.name);
  }
  return std::nullopt;
}

Millis retry_pause(std::uint32_t tries, const Error& error, const RetryPolicy& policy) {
  const bool cures = time_may_cure(error);
  const std::uint32_t doublings = std::min(std::max(tries, 1U) - 1, 20U);
  return std::min<Millis>((cures ? policy.first : policy.refused) * (1LL << doublings),
                          cures ? policy.most : policy.refused_most);
}

bool is_due(WallTime last, WallTime now, Seconds every) noexcept {
  return last > now || now - last >= every;
}

}  // namespace hearth::daemon
