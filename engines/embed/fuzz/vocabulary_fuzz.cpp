// A vocabulary from arbitrary bytes, and its own text through the tokeniser it makes: ids are lines.
#include "vocabulary.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearth::embed;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const LetterCase letters = size % 2 == 0 ? LetterCase::lower : LetterCase::kept;
  const auto vocabulary = Vocabulary::parse(text, letters);
  if (!vocabulary) return 0;
  std::vector<Vocabulary::Id> ids;
  BasicWordPiece<Vocabulary>(*vocabulary).tokenize(text, ids);
  for (const Vocabulary::Id id : ids)
    if (id >= vocabulary->size()) std::abort();
  return 0;
}
