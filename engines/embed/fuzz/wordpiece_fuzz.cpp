// The tokeniser over arbitrary bytes, compared with a plain one: longest match by trying every length.
#include "support/tiny_table.h"
#include "wordpiece.h"

#include <hearth/core/utf8.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace {

using namespace hearth::embed;

const TableView& table() {
  static test::AlignedBytes bytes = test::tiny_table();
  static const TableView kView = TableView::parse(bytes.bytes()).value();
  return kView;
}

std::uint16_t row_of(const std::string& token) {
  for (std::uint32_t row = 1; row < table().rows(); ++row)
    if (table().token(row) == token) return static_cast<std::uint16_t>(row);
  return kNoToken;
}

void plain_word(std::string& word, std::size_t chars, bool unknown, std::vector<std::uint16_t>& out) {
  std::vector<std::uint16_t> made;
  for (std::size_t at = 0; at < word.size() && !unknown;) {
    std::size_t length = word.size() - at;
    while (length > 0 && row_of((at > 0 ? "##" : "") + word.substr(at, length)) == kNoToken) --length;
    unknown = length == 0;
    if (!unknown) made.push_back(row_of((at > 0 ? "##" : "") + word.substr(at, length)));
    at += length;
  }
  if (chars > table().max_word_chars()) unknown = true;
  if (unknown) made.assign(1, test::kUnk);
  if (chars > 0) out.insert(out.end(), made.begin(), made.end());
  word.clear();
}

// What tiny_table() says of characters, spelt out.
std::vector<std::uint16_t> plain(std::string_view text) {
  std::vector<std::uint16_t> out;
  std::string word;
  std::size_t chars = 0;
  bool unknown = false;
  const auto end = [&] {
    plain_word(word, chars, unknown, out);
    chars = 0;
    unknown = false;
  };
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 128) continue;
    if (c == ' ') end();
    if (c == '!' || c == '.') {
      end();
      out.push_back(c == '.' ? test::kDot : test::kUnk);
    }
    if (c == '0') unknown = true;
    if (std::isalpha(byte) != 0) word.push_back(static_cast<char>(std::tolower(byte)));
    if (std::isalpha(byte) != 0 || c == '0') ++chars;
  }
  end();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const WordPiece kTokenizer(table());
  std::vector<std::uint16_t> ids;
  kTokenizer.tokenize(text, ids);
  if (ids != plain(text)) std::abort();
  return 0;
}
