// The answers that are at hand: bounded in bytes, the least wanted go first. Belongs to one thread.
//
// A segmented LRU: a new answer is on probation, one that was asked for again is protected, which four fifths of the
// room are for. So a burst of new answers drives out other new ones, not those that prove useful.
#pragma once

#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>

#include <list>
#include <unordered_map>

namespace hearth::answers {

class MemoryFront {
 public:
  explicit MemoryFront(std::uint64_t limit) : limit_(limit) {}

  // nullptr if it is not there.
  [[nodiscard]] AnswerPtr find(const Digest& key);
  // Replaces what is there by that key. An answer larger than a quarter of the room is not taken.
  void put(const Digest& key, AnswerPtr answer);
  void remove(const Digest& key);
  void clear();
  [[nodiscard]] std::uint64_t bytes() const noexcept { return probation_.bytes + protected_.bytes; }
  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }

 private:
  struct Entry {
    Digest key;
    AnswerPtr answer;
    std::uint64_t bytes = 0;
    bool is_protected = false;
  };
  using Entries = std::list<Entry>;
  struct Segment {
    Entries entries;  // newest first
    std::uint64_t bytes = 0;
  };
  Segment& segment_of(const Entry& entry) noexcept { return entry.is_protected ? protected_ : probation_; }
  void move(Entries::iterator entry, bool to_protected);
  void drop(Entries::iterator entry);
  void shrink();

  std::uint64_t limit_;
  Segment probation_;
  Segment protected_;
  std::unordered_map<Digest, Entries::iterator, DigestHash> index_;
};

}  // namespace hearth::answers
