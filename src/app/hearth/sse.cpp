#include "sse.h"

#include <utility>

namespace hearth::tool {
namespace {
constexpr std::size_t kLimit = 16U << 20U;
}

Result<void> EventReader::feed(std::string_view chunk) {
  while (!chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    buffer_ += chunk.substr(0, end);
    if (buffer_.size() > kLimit) return fail(Errc::too_large, "The stream holds a line over 16 MiB");
    if (end == std::string_view::npos) return {};
    chunk.remove_prefix(end + 1);
    const std::string text = std::exchange(buffer_, {});
    HEARTH_TRY(line(text));
  }
  return {};
}

Result<void> EventReader::line(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) {
    if (!std::exchange(has_data_, false)) return {};
    const std::string data = std::exchange(data_, {});
    return on_event_(data);
  }
  if (!text.starts_with("data:")) return {};
  text.remove_prefix(5);
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (has_data_) data_ += '\n';
  if (data_.size() + text.size() > kLimit) return fail(Errc::too_large, "The stream holds an event over 16 MiB");
  data_ += text;
  has_data_ = true;
  return {};
}

}  // namespace hearth::tool
