// What a conversation showed already, to refer to where it comes again. Only ever backwards: what is sent before stays
// as it was.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hearth::trim {

class Shown {
 public:
  // `text` as a short reference to the earlier one that is the same. nullopt: there is none.
  [[nodiscard]] std::optional<std::string> whole(std::string_view text) const;
  // From here on `text` is shown; `name`: what to call it. What comes back goes in its place, with references where
  // long runs of its lines were shown before; nullopt: it stays as it is.
  std::optional<std::string> show(std::string_view text, std::string name);

 private:
  struct Text {
    std::string content;
    std::string name;
    std::vector<std::string_view> lines{};
    std::vector<std::size_t> windows{};  // a hash over the few lines that begin at each
  };
  struct Place {
    std::size_t text = 0;
    std::size_t line = 0;
  };
  struct Match {
    Place place;
    std::size_t lines = 0;
    std::size_t bytes = 0;
  };
  [[nodiscard]] Match match(const Text& text, std::size_t begin) const;

  std::deque<Text> texts_;
  std::unordered_map<std::size_t, std::size_t> by_content_;  // hash of a whole text
  std::unordered_map<std::size_t, Place> by_lines_;          // hash of a few lines: where they are shown first
};

}  // namespace hearth::trim
