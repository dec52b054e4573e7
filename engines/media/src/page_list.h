// "0-3,7,12-": which pages of a document, 0-based.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace hearth::media {

class PageList {
 public:
  // invalid_argument.
  static Result<PageList> parse(std::string_view text);
  // The pages meant, ascending, each once. page_out_of_range if one is not below `count`, too_many_pages past `limit`.
  [[nodiscard]] Result<std::vector<std::uint32_t>> select(std::uint32_t count, std::uint32_t limit) const;
  // All pages of a document. too_many_pages past `limit`.
  static Result<std::vector<std::uint32_t>> all(std::uint32_t count, std::uint32_t limit);

 private:
  struct Range {
    std::uint32_t first;
    std::uint32_t last;  // kOpen: to the end
  };
  static constexpr std::uint32_t kOpen = 0xFFFFFFFF;
  std::vector<Range> ranges_;
};

}  // namespace hearth::media
