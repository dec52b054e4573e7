#include "memory_front.h"

namespace hearth::answers {
namespace {

constexpr std::uint64_t kBookkeeping = 200;  // of the list and the index, about

}  // namespace

AnswerPtr MemoryFront::find(const Digest& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  move(found->second, true);
  // What has not been asked for again for longest goes back on probation.
  while (protected_.bytes > limit_ / 5 * 4) move(std::prev(protected_.entries.end()), false);
  return found->second->answer;
}

void MemoryFront::put(const Digest& key, AnswerPtr answer) {
  remove(key);
  const std::uint64_t bytes = answer->size() + kBookkeeping;
  if (bytes > limit_ / 4) return;
  probation_.entries.push_front({key, std::move(answer), bytes, false});
  probation_.bytes += bytes;
  index_.emplace(key, probation_.entries.begin());
  shrink();
}

void MemoryFront::remove(const Digest& key) {
  const auto found = index_.find(key);
  if (found != index_.end()) drop(found->second);
}

void MemoryFront::clear() {
  index_.clear();
  probation_ = {};
  protected_ = {};
}

void MemoryFront::move(Entries::iterator entry, bool to_protected) {
  Segment& from = segment_of(*entry);
  Segment& to = to_protected ? protected_ : probation_;
  to.entries.splice(to.entries.begin(), from.entries, entry);
  from.bytes -= entry->bytes;
  to.bytes += entry->bytes;
  entry->is_protected = to_protected;
}

void MemoryFront::drop(Entries::iterator entry) {
  Segment& segment = segment_of(*entry);
  segment.bytes -= entry->bytes;
  index_.erase(entry->key);
  segment.entries.erase(entry);
}

void MemoryFront::shrink() {
  while (bytes() > limit_) {
    Segment& segment = probation_.entries.empty() ? protected_ : probation_;
    drop(std::prev(segment.entries.end()));
  }
}

}  // namespace hearth::answers
