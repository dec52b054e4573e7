// The list of languages as a client sends it, and layout from whatever words recognition may come up with.
#include "languages.h"
#include "layout.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace hearth::ocr;

// Five bytes place a word; the text after them, up to a newline, is the word.
Lines lines_from(std::string_view bytes) {
  Lines lines;
  while (bytes.size() > 5) {
    const auto at = [&](std::size_t i) { return static_cast<int>(static_cast<unsigned char>(bytes[i])); };
    Word word;
    word.box = {at(0) * 8, at(1) * 8, at(0) * 8 + 1 + at(2), at(1) * 8 + 1 + at(3) % 64};
    word.confidence = at(4) / 255.0;
    const bool fresh = lines.empty() || at(4) % 3 == 0;
    const int region = at(4) % 7;
    bytes.remove_prefix(5);
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    word.text = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (word.text.empty()) continue;
    if (fresh) lines.push_back({{}, {}, static_cast<double>(word.box.height()), region});
    lines.back().box = joined(lines.back().box, word.box);
    lines.back().words.push_back(std::move(word));
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto names = parse_languages(bytes))
    for (const std::string& name : *names)
      if (name.empty() || name.find('/') != std::string::npos) std::abort();
  const Lines lines = lines_from(bytes.substr(0, 4096));
  std::size_t words = 0;
  for (const Line& line : lines) words += line.words.size();
  const Layout layout = lay_out(lines);
  if (layout.words.size() != words) std::abort();  // nothing is lost, nothing is said twice
  for (const PlacedWord& w : layout.words)
    if (w.block < 0 || static_cast<std::size_t>(w.block) >= layout.blocks.size()) std::abort();
  static_cast<void>(plain_text(layout));
  static_cast<void>(markdown(layout));
  return 0;
}
