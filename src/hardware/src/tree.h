// The kernel's text files below a root folder: small, bounded, and never an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::hardware {

class Tree {
 public:
  explicit Tree(std::filesystem::path root) : root_(std::move(root)) {}

  // A regular file's text, up to `limit` bytes, without blanks, line ends and NULs at its end. nullopt: not there, not
  // readable, not a regular file. `path` has no slash in front.
  [[nodiscard]] std::optional<std::string> text(std::string_view path, std::size_t limit = 64UL * 1024) const;
  // text(), or empty.
  [[nodiscard]] std::string text_or_empty(std::string_view path) const { return text(path).value_or(""); }
  // Decimal, or hexadecimal after 0x; nullopt also for a negative number, one that does not fit, and other text.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view path) const;
  [[nodiscard]] std::optional<std::int64_t> signed_number(std::string_view path) const;
  // Names in a folder that begin with `prefix`, "card2" before "card10"; at most 1024.
  [[nodiscard]] std::vector<std::string> names(std::string_view folder, std::string_view prefix = "") const;
  // Names that are `prefix` and a number.
  [[nodiscard]] std::vector<std::string> numbered(std::string_view folder, std::string_view prefix) const;
  [[nodiscard]] bool exists(std::string_view path) const;
  // It is there, but this process may not read it.
  [[nodiscard]] bool refused(std::string_view path) const;
  // This process may open it for reading and writing. For device nodes.
  [[nodiscard]] bool accessible(std::string_view path) const;
  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }

 private:
  [[nodiscard]] std::filesystem::path at(std::string_view path) const { return root_ / path; }
  std::filesystem::path root_;
};

// A value of "NAME=value" lines (uevent files); empty: none.
std::string uevent_value(std::string_view uevent, std::string_view name);
// The whole of `text` as a number, as Tree::number().
std::optional<std::uint64_t> whole_number(std::string_view text);

}  // namespace hearth::hardware
