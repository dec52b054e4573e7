// hearth-config-docs write|check ROOT: makes the committed texts from the table of keys, or says which are stale.
#include "src/documents.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view mode = argc == 3 ? argv[1] : "";
  if (mode != "write" && mode != "check") {
    fmt::print(stderr, "usage: hearth-config-docs write|check ROOT\n");
    return 2;
  }
  struct Document {
    std::filesystem::path path;
    std::string text;
  };
  const std::filesystem::path root = argv[2];
  const std::array<Document, 2> documents{{{root / "docs/configuration.md", hearth::config::reference_markdown()},
                                           {root / "packaging/hearth.yaml", hearth::config::sample_yaml()}}};
  int stale = 0;
  for (const Document& document : documents) {
    if (mode == "write") {
      if (const auto done = hearth::write_file_atomic(document.path, document.text); !done) {
        fmt::print(stderr, "{}\n", done.error().describe());
        return 1;
      }
    } else if (const auto now = hearth::read_file(document.path, std::size_t{1} << 20U);
               !now || *now != document.text) {
      fmt::print(stderr, "{} is stale: run `ninja -C build/release config_docs`\n", document.path.string());
      ++stale;
    }
  }
  return stale == 0 ? 0 : 1;
}
