// The tour's input: Debian's packages and the tour's own files; another folder can stand in for any of them.
#pragma once

#include <hearth/core/error.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hearth::tool::tour {

class Inputs {
 public:
  // `instead`: a folder whose files win over the usual ones of the same name; empty for none.
  explicit Inputs(std::filesystem::path instead) : instead_(std::move(instead)) {}

  // LibriVox clips with what is said in them; failed_precondition names the package to install.
  struct Clip {
    std::filesystem::path file;
    std::string text;
  };
  [[nodiscard]] Result<std::vector<Clip>> clips() const;
  // A video of a car park.
  [[nodiscard]] Result<std::filesystem::path> video() const;
  // A file of the tour's own, such as "read/page.pdf". not_found.
  [[nodiscard]] Result<std::string> own(std::string_view name) const;
  // The same, line by line, fields between tabs; comments (#) and empty lines are left out.
  [[nodiscard]] Result<std::vector<std::vector<std::string>>> own_table(std::string_view name) const;
  // A file of `instead` only; empty if there is none.
  [[nodiscard]] std::filesystem::path instead(std::string_view name) const;

 private:
  std::filesystem::path instead_;
};

}  // namespace hearth::tool::tour
