// Text as the detectors read it: full-width and other digits as ASCII's, full-width letters and signs too, spaces and
// dashes of typography as plain ones, and nothing of what is not seen (zero-width joiners, soft hyphens).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::privacy {

class FoldedText {
 public:
  // `text` must outlive it: of a text in which nothing has to be folded, this is only a view.
  explicit FoldedText(std::string_view text);
  FoldedText(const FoldedText&) = delete;
  FoldedText& operator=(const FoldedText&) = delete;

  [[nodiscard]] std::string_view view() const noexcept { return folded_ ? std::string_view(bytes_) : text_; }
  // Where what stands at `offset` of view() stands in the text. For an end, so that it takes in what is unseen behind
  // it, no: the end of the character before.
  [[nodiscard]] std::size_t begin_in_text(std::size_t offset) const noexcept;
  [[nodiscard]] std::size_t end_in_text(std::size_t offset) const noexcept;

 private:
  struct Shift {
    std::size_t folded;    // from here on in view() …
    std::size_t original;  // … the text goes on here
  };
  void fold();

  std::string_view text_;
  bool folded_ = false;
  std::string bytes_;
  std::vector<Shift> shifts_;
};

}  // namespace hearth::privacy
