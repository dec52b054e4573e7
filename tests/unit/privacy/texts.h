// Texts that are made of what the detectors find, what they nearly find, and what placeholders are made of.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::privacy {

inline std::string any_text() {
  static const std::vector<std::string> pieces{"jane@example.org",
                                               "+49 30 901820",
                                               "4111 1111 1111 1111",
                                               "DE89370400440532013000",
                                               "078-05-1120",
                                               "SSN ",
                                               "password: hunter2!",
                                               "密码：Abc@12345",
                                               "ghp_a8Kd93jfQ0zLmX72bWq51RtYvN4pHsUeC6gJ",
                                               "[EMAIL_1]",
                                               "[EMAIL_",
                                               "[email_1]",
                                               "[CARD_A1]",
                                               "[",
                                               "]",
                                               "[[",
                                               "_1]",
                                               "EMAIL_1",
                                               "\"",
                                               "\\",
                                               "\n",
                                               "{",
                                               "}",
                                               "你好",
                                               "é",
                                               "\xF0\x9F\x98\x80",
                                               " ",
                                               ", ",
                                               "text",
                                               "1",
                                               "@",
                                               ":",
                                               "=",
                                               "\\u0040",
                                               "＠",
                                               "\u200B",
                                               "postgres://u:p4ss@h/d"};
  const auto picks = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, pieces.size()));
  std::string text;
  for (const std::size_t pick : picks) text += pieces[pick];
  return text;
}

// `text` cut at places that rapidcheck chooses.
inline std::vector<std::string> any_pieces(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const auto n = *rc::gen::inRange<std::size_t>(1, std::min<std::size_t>(text.size(), 12) + 1);
    pieces.emplace_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return pieces;
}

}  // namespace hearth::privacy
