// Ctrl-C stops the program at once, but leaves the terminal and the disk tidy: the progress line is erased and a
// half-written file removed. Process-wide, as signals are.
#pragma once

#include <string>

namespace hearth::tool {

// Once, at the start of main.
void handle_interrupts();
// While it is set, an interrupt erases the current line of stderr.
void progress_line_shown(bool shown) noexcept;
// The file that an interrupt removes; empty for none. Paths longer than the system allows are not remembered.
void remove_on_interrupt(const std::string& path) noexcept;

}  // namespace hearth::tool
