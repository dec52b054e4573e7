#include "answer.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace hearth::bench {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;

bool begins_with(std::string_view line, std::string_view lower) {
  return line.size() >= lower.size() && ::strncasecmp(line.data(), lower.data(), lower.size()) == 0;
}

std::string_view value_of(std::string_view line) {
  line.remove_prefix(std::min(line.find(':') + 1, line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

}  // namespace

bool Answer::take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  line_.append(bytes.substr(0, end == std::string_view::npos ? end : end + 1));
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (line_.size() > kMaxHead) state_ = State::broken;
  return line_.ends_with("\r\n");
}

void Answer::read_head() {
  std::string_view rest = line_;
  if (rest.starts_with("HTTP/1.") && rest.size() > 12) std::from_chars(rest.data() + 9, rest.data() + 12, status_);
  bool chunked = false;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\r'));
    rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    if (begins_with(line, "content-length:")) {
      const auto value = value_of(line);
      std::from_chars(value.data(), value.data() + value.size(), left_);
    }
    if (begins_with(line, "transfer-encoding:")) chunked = true;
    if (begins_with(line, "connection:") && begins_with(value_of(line), "close")) closes_ = true;
  }
  line_.clear();
  state_ = status_ == 0 ? State::broken : chunked ? State::chunk_size : left_ > 0 ? State::length : State::done;
}

void Answer::feed(std::string_view bytes, std::string& body) {
  while (!bytes.empty() && state_ != State::broken) {
    switch (state_) {
      case State::head:
        if (take_line(bytes) && line_.ends_with("\r\n\r\n")) read_head();
        break;
      case State::length:
      case State::chunk: {
        const std::size_t n = std::min(left_, bytes.size());
        body.append(bytes.substr(0, n));
        bytes.remove_prefix(n);
        left_ -= n;
        if (left_ == 0) state_ = state_ == State::length ? State::done : State::chunk_end;
        break;
      }
      case State::chunk_size: {
        if (!take_line(bytes)) break;
        const auto [end, error] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
        state_ = error != std::errc() ? State::broken : left_ > 0 ? State::chunk : State::last;
        line_.clear();
        break;
      }
      case State::chunk_end:
      case State::last:
        if (!take_line(bytes)) break;
        state_ = state_ == State::last ? State::done : State::chunk_size;
        line_.clear();
        break;
      case State::done:
      case State::broken:
        state_ = State::broken;  // more than was asked for
    }
  }
}

}  // namespace hearth::bench
