#include "page_stream.h"

namespace hearth::tool {
namespace {
constexpr std::size_t kPageLimit = 256U << 20U;
constexpr std::size_t kDepthLimit = 64;
}  // namespace

Result<void> PageStream::feed(std::string_view chunk) {
  for (const char c : chunk) {
    if (ended_) continue;
    if (!in_string_ && (c == '{' || c == '[')) open_ += c;
    const bool in_page = open_.starts_with("{[{");
    if (in_page) page_ += c;
    if (page_.size() > kPageLimit) return fail(Errc::too_large, "A page of the answer is larger than 256 MiB");
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (c == '"') in_string_ = true;
    if (open_.size() > kDepthLimit) return fail(Errc::protocol_error, "The answer is nested too deep");
    if (c != '}' && c != ']') continue;
    if (open_.empty()) return fail(Errc::protocol_error, "The answer is not JSON");
    open_.pop_back();
    if (open_.empty()) ended_ = true;
    if (!in_page || open_ != "{[") continue;
    HEARTH_TRY_ASSIGN(const json::value page, json::parse(page_));
    page_.clear();
    HEARTH_TRY(on_page_(page));
  }
  return {};
}

Result<void> PageStream::finish() const {
  if (!ended_) return fail(Errc::protocol_error, "The answer ended before it was whole");
  return {};
}

}  // namespace hearth::tool
