// Tokens are any bytes: a zero byte ends one.
#include "guards.h"
#include "words.h"

#include <hearth/core/utf8.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using hearth::whisper::Token;
  using hearth::whisper::Word;
  std::vector<Token> tokens(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == 0) {
      tokens.emplace_back();
    } else {
      tokens.back().bytes += static_cast<char>(data[i]);
    }
  }
  std::vector<Word> words = hearth::whisper::words_of(tokens);
  const std::size_t before = words.size();
  const std::size_t cut = hearth::whisper::cut_repeats(words);
  if (words.size() + cut != before) std::abort();
  if (!hearth::is_utf8(hearth::whisper::text_of(words))) std::abort();
  return 0;
}
