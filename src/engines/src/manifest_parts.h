// What the readers of a manifest's parts share.
#pragma once

#include <hearth/engines/manifest.h>
#include <hearth/yaml/fields.h>

#include <filesystem>
#include <string_view>

namespace hearth::engines {

using yaml::Fields;

inline constexpr std::size_t kMaxList = 256;

// A path that leads to a file inside the engine's folder: no way out of it.
bool is_inside(const std::filesystem::path& path);

// The key `task`, and a list of tasks.
Result<Task> read_task(const Fields& fields);
Result<std::vector<Task>> read_tasks(const Fields& fields, std::string_view key);

// The key `canary` of `owner`, a mapping; `where` names it in errors.
Result<Canary> read_canary(const Fields& owner, std::string_view origin, std::string_view where,
                           const std::filesystem::path& folder);

// The key `devices`; without it, the processor.
Result<std::vector<DeviceKind>> read_devices(const Fields& manifest);

// The keys `formats`, `serves` and `with` (instance.h).
Result<void> read_template(Manifest& manifest, const Fields& fields, std::string_view origin);

}  // namespace hearth::engines
