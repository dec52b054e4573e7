// A model in several files: which others a file's name calls for. Pure; fuzzed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

// "folder/name-00002-of-00003.gguf", as llama.cpp writes and reads them.
struct Split {
  std::string stem;  // "folder/name"; without a split the path without its ending
  int index = 1;
  int count = 1;
};
Split split_of(std::string_view path);

// The names of all parts, in order; empty: the name is not that of a part.
std::vector<std::string> names_of_parts(std::string_view name);

}  // namespace hearth::models
