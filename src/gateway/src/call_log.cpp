#include <hearth/gateway/call_log.h>

#include <algorithm>

namespace hearth::gateway {

void CallLog::add(CallStory story) {
  const std::lock_guard lock(mutex_);
  if (stories_.size() < most_) return stories_.push_back(std::move(story));
  stories_[oldest_] = std::move(story);
  oldest_ = (oldest_ + 1) % most_;
}

std::optional<CallStory> CallLog::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(stories_, id, &CallStory::id);
  if (found == stories_.end()) return std::nullopt;
  return *found;
}

std::vector<CallStory> CallLog::last(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::vector<CallStory> last;
  for (std::size_t i = 0; i < std::min(count, stories_.size()); ++i)
    last.push_back(stories_[(oldest_ + stories_.size() - 1 - i) % stories_.size()]);
  return last;
}

}  // namespace hearth::gateway
