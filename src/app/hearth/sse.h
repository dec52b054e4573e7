// Server-sent events, out of chunks as the net cuts them.
#pragma once

#include <hearth/core/error.h>

#include <functional>
#include <string>
#include <string_view>

namespace hearth::tool {

class EventReader {
 public:
  // Called with the data of every event.
  explicit EventReader(std::function<Result<void>(std::string_view)> on_event) : on_event_(std::move(on_event)) {}
  // too_large for a line or event over 16 MiB; what on_event says.
  Result<void> feed(std::string_view chunk);

 private:
  Result<void> line(std::string_view text);
  std::function<Result<void>(std::string_view)> on_event_;
  std::string buffer_;
  std::string data_;
  bool has_data_ = false;
};

}  // namespace hearth::tool
