// Which model a conversation began with. Bounded; what was not used for the longest time goes first. I/O thread.
#pragma once

#include <hearth/core/clock.h>

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace hearth::gateway {

class Sessions {
 public:
  explicit Sessions(std::size_t most = 4096, Seconds lifetime = Seconds(3600)) : most_(most), lifetime_(lifetime) {}

  void remember(std::size_t conversation, std::string model, SteadyTime now) {
    forget(conversation);
    order_.push_front({conversation, std::move(model), now});
    by_conversation_[conversation] = order_.begin();
    if (order_.size() > most_) forget(order_.back().conversation);
  }
  [[nodiscard]] std::optional<std::string> find(std::size_t conversation, SteadyTime now) const {
    const auto found = by_conversation_.find(conversation);
    if (found == by_conversation_.end() || now - found->second->used > lifetime_) return std::nullopt;
    return found->second->model;
  }

 private:
  struct Entry {
    std::size_t conversation;
    std::string model;
    SteadyTime used;
  };
  void forget(std::size_t conversation) {
    const auto found = by_conversation_.find(conversation);
    if (found == by_conversation_.end()) return;
    order_.erase(found->second);
    by_conversation_.erase(found);
  }

  std::size_t most_;
  Seconds lifetime_;
  std::list<Entry> order_;
  std::unordered_map<std::size_t, std::list<Entry>::iterator> by_conversation_;
};

}  // namespace hearth::gateway
