// The committed data files, opened once.
#pragma once

#include "service.h"

#include <cstdio>
#include <cstdlib>

namespace hearth::embed::test {

inline const Tables& real_tables() {
  static const auto words = Table::open(HEARTH_EMBED_DATA "/table.bin");
  static const auto ids = Cl100k::open(HEARTH_EMBED_DATA "/cl100k.bin");
  if (!words || !ids) {
    std::fprintf(stderr, "%s\n", (words ? ids.error() : words.error()).describe().c_str());
    std::abort();
  }
  static const Tables tables{.words = words->view(), .ids = ids->view()};
  return tables;
}

}  // namespace hearth::embed::test
