// A chat completion's messages as Anthropic's turns. Private to this room.
#pragma once

#include "src/json_reader.h"

#include <string>
#include <string_view>
#include <vector>

namespace hearth::dialects {

class MessageTurns {
 public:
  // Takes one message over. What it authored goes on as it stands in the request.
  Decoded<void> add(json::Value& value);
  // The value of `system`; empty: none.
  [[nodiscard]] std::string system() const;
  // The items of `messages`. Once, at the end.
  std::string take_messages();

 private:
  void add_turn(std::string_view role, std::string_view content);
  void end_results();

  std::vector<std::string> system_;  // blocks
  std::string only_system_;          // as a JSON string, if there is one block with nothing but a text
  std::string messages_;
  std::string results_;  // of tools, that one turn holds together
};

// Joins JSON values with commas.
void append_item(std::string& list, std::string_view item);

}  // namespace hearth::dialects
