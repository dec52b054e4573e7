// What is found out of a request, whatever its dialect, to decide who answers it and what that may cost. Private to
// this room.
#pragma once

#include "src/json_reader.h"

#include <hearth/dialects/chat.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hearth::dialects {

// How a conversation begins: a hash over what was said up to the first message of the user.
class Opening {
 public:
  // Roles and contents as they stand in the body: a role with its quotes.
  void add(std::string_view role, std::string_view content);
  [[nodiscard]] std::size_t hash() const noexcept { return hash_; }

 private:
  std::size_t hash_ = 0;
  bool ended_ = false;
};

// A number of tokens or choices; none that could be one counts as 0.
Decoded<std::uint64_t> count_of(json::Value& value);

// `background` of the Responses API. unsupported_value if it is true.
Decoded<void> check_background(json::Value& value);

// The pictures of a body, by what stands before them: quotes within a text would be escaped.
void count_pictures(std::string_view body, AnswerBounds& bounds);

}  // namespace hearth::dialects
