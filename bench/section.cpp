#include "section.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

namespace hearth::bench {
namespace {

constexpr std::size_t kMaxDocument = 16U << 20U;

std::string begin_of(std::string_view name) {
  return fmt::format("<!-- {}: begin -->\n", name);
}
std::string end_of(std::string_view name) {
  return fmt::format("<!-- {}: end -->\n", name);
}

}  // namespace

std::string section_of(std::string_view document, std::string_view name) {
  const auto from = document.find(begin_of(name));
  const auto to = document.find(end_of(name));
  if (from == std::string_view::npos || to == std::string_view::npos || to < from) return {};
  return std::string(document.substr(from, to + end_of(name).size() - from));
}

Result<void> replace_section(const std::filesystem::path& document, std::string_view name, std::string_view text) {
  HEARTH_TRY_ASSIGN(std::string whole, read_file(document, kMaxDocument));
  const std::string section = fmt::format("{}{}{}", begin_of(name), text, end_of(name));
  const std::string old = section_of(whole, name);
  if (old.empty()) {
    whole += "\n" + section;
  } else {
    whole.replace(whole.find(old), old.size(), section);
  }
  return write_file_atomic(document, whole);
}

}  // namespace hearth::bench
