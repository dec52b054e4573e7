// Where a result goes: a file, which appears whole or not at all, or stdout.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <string>
#include <string_view>

namespace hearth::tool {

// Move-only. Without finish(), what was written to a file is thrown away.
class Output {
 public:
  // `path` empty or "-": stdout. A regular file is written beside its place and renamed by finish(); a device or a pipe
  // is written directly. io_error, not_found (no such folder), permission_denied.
  static Result<Output> open(const std::string& path);
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  // io_error; broken_pipe_code() when who read stdout has gone.
  Result<void> write(std::string_view data);
  // Overwrites bytes at the beginning; only where can_seek().
  Result<void> write_at_start(std::string_view data);
  [[nodiscard]] bool can_seek() const noexcept { return !temporary_.empty(); }
  Result<void> finish();

 private:
  Output(Fd fd, std::string path, std::string temporary)
      : fd_(std::move(fd)), path_(std::move(path)), temporary_(std::move(temporary)) {}
  [[nodiscard]] int fd() const noexcept { return fd_ ? fd_.get() : 1; }

  Fd fd_;  // empty: stdout
  std::string path_;
  std::string temporary_;  // empty: written directly
};

// To stdout, all of it.
Result<void> print(std::string_view text);
// A line to stderr.
void complain(std::string_view text);

// All of stdin; too_large past `limit`.
Result<std::string> read_stdin(std::size_t limit);

}  // namespace hearth::tool
