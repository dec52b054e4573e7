// Reads one HTTP answer as it comes, as cheaply as the benchmark needs it. It takes what the peers send: a length or
// chunks, no trailers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::bench {

class Answer {
 public:
  // Feeds what was received; bytes of the body are appended to `body`. After done() or broken(), nothing more may come.
  void feed(std::string_view bytes, std::string& body);
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
  [[nodiscard]] bool broken() const noexcept { return state_ == State::broken; }
  [[nodiscard]] bool ok() const noexcept { return status_ >= 200 && status_ <= 299; }
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] bool closes() const noexcept { return closes_; }

 private:
  enum class State { head, length, chunk_size, chunk, chunk_end, last, done, broken };
  void read_head();
  // Takes up to and with the next line break into line_; true when it is there.
  bool take_line(std::string_view& bytes);

  State state_ = State::head;
  std::string line_;  // of the head all lines, of a chunk its first
  std::size_t left_ = 0;
  int status_ = 0;
  bool closes_ = false;
};

}  // namespace hearth::bench
