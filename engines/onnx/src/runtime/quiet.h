// Keeps what a library prints to standard error out of the log, for as long as one object of this type lives.
//
// Debian's ONNX Runtime registers every operator twice when its first model is loaded, and prints two lines for each of
// over six hundred. Nothing of ours may log meanwhile, and no other thread may run.
#pragma once

#include <hearth/core/file.h>

#include <string>

namespace hearth::onnx {

class QuietStderr {
 public:
  QuietStderr();
  ~QuietStderr();
  QuietStderr(const QuietStderr&) = delete;
  QuietStderr& operator=(const QuietStderr&) = delete;
  // The lines so far that are not of that known kind, at most a few kilobytes: worth a look when something failed.
  [[nodiscard]] std::string remarkable() const;

 private:
  Fd kept_;
  Fd swallowed_;
};

// Leaves out empty lines and those about schemas; cut at `most` bytes. Pure.
std::string without_schema_lines(std::string_view text, std::size_t most);

}  // namespace hearth::onnx
