#include <hearth/gateway/call_log.h>

#include <algorithm>

namespace hearth::gateway {

void CallLog::add(CallStory story) {
  const std::lock_guard lock(mutex_);
  stories_.push_back(std::move(story));
  if (stories_.size() > most_) stories_.pop_front();
}

std::optional<CallStory> CallLog::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(stories_, id, &CallStory::id);
  if (found == stories_.end()) return std::nullopt;
  return *found;
}

std::vector<CallStory> CallLog::last(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  const auto shown = static_cast<std::ptrdiff_t>(std::min(count, stories_.size()));
  return {stories_.rbegin(), stories_.rbegin() + shown};
}

}  // namespace hearth::gateway
