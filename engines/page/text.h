// Questions about a word's letters, and how words become lines and lines become text. Pure.
#pragma once

#include "page.h"

#include <span>
#include <string>
#include <string_view>

namespace hearth::ocr {

char32_t first_letter(std::string_view text);
char32_t last_letter(std::string_view text);
std::size_t letter_count(std::string_view text);
// Written without blanks between words: Han, kana, and the punctuation that goes with them.
bool is_unspaced(char32_t c);

// The words of a line as one string; Chinese and Japanese without the blanks that recognition puts between characters.
std::string line_text(std::span<const Word> words);
// Appends a line to a running text: a blank, nothing (Chinese), or a hyphen at the line's end taken out.
void append_line(std::string& text, std::string_view line);

enum class Marker { none, bullet, number };
// Does this word begin a list item?
Marker list_marker(std::string_view word);
// Text at the start of a paragraph that Markdown would take for markup gets a backslash.
std::string escaped_start(std::string text);

}  // namespace hearth::ocr
