// The pages of an OCR answer, one by one while they arrive: {"pages":[{…},{…}],…}.
#pragma once

#include "json.h"

#include <functional>
#include <string>
#include <string_view>

namespace hearth::tool {

class PageStream {
 public:
  explicit PageStream(std::function<Result<void>(const json::value&)> on_page) : on_page_(std::move(on_page)) {}
  // protocol_error for a page that is not JSON; too_large for one over 256 MiB; what on_page says.
  Result<void> feed(std::string_view chunk);
  // After the last byte: protocol_error if the answer was not whole.
  [[nodiscard]] Result<void> finish() const;

 private:
  std::function<Result<void>(const json::value&)> on_page_;
  std::string open_;  // the brackets that are open: "{[{" while a page is being read
  std::string page_;
  bool in_string_ = false;
  bool escaped_ = false;
  bool ended_ = false;
};

}  // namespace hearth::tool
