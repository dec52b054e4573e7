// Where the texts, tools and fields of a chat request stand in its bytes: of OpenAI's dialect and of Anthropic's, which
// are told apart by what they have.
#pragma once

#include "src/origin.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hearth::trim {

// In bytes of the body.
struct Span {
  std::size_t offset = 0;
  std::size_t length = 0;
  [[nodiscard]] std::size_t end() const noexcept { return offset + length; }
};

enum class Speaker { user, tool };

// A text that may be trimmed.
struct Text {
  Span token;  // the JSON string with its quotes
  Speaker speaker = Speaker::user;
  std::optional<ToolCall> call = std::nullopt;  // that it is the result of, where it is known
  std::size_t message = 0;
  std::optional<std::size_t> block_end = std::nullopt;  // of the text block that it is in; none: it is a whole content
};

struct ToolChoice {
  enum class Kind { any, none, one } kind = Kind::any;
  std::string name;
};

struct Body {
  struct Field {
    std::string name;
    Span span;  // with its name
  };
  std::vector<Field> fields;          // of the outermost object, in order
  std::vector<Text> texts;            // in order
  std::vector<std::size_t> messages;  // a hash over all up to each, of this process
  std::vector<Span> tools;
  ToolChoice choice;
  bool answered = false;       // the model has said something already
  bool called = false;         // … and called a tool
  bool edits_context = false;  // what was shown may be taken away again at the provider's
};

// `body` must have kPadding readable bytes past its end. nullopt: it is no such request, or one that can be read in two
// ways.
inline constexpr std::size_t kPadding = 64;
std::optional<Body> read_body(std::string_view body);

// The name of a tool, in either dialect; empty: it has none.
std::string name_of_tool(std::string_view tool);

}  // namespace hearth::trim
