// The decoder of POST /v1/embeddings, and the whole way to an answer. Whatever is accepted must be answered with JSON.
#include "service.h"
#include "support/tiny_table.h"

#include <simdjson.h>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearth::embed;
  static test::AlignedBytes words = test::tiny_table();
  static test::AlignedBytes ids = test::tiny_cl100k({"red", " gre", "en", "s", "\xE2\x82", "\xAC"});
  static const Tables kTables{.words = TableView::parse(words.bytes()).value(),
                              .ids = Cl100kView::parse(ids.bytes()).value()};
  static Service service(kTables);

  std::string answer;
  const auto take = [&](std::string_view piece) -> hearth::Result<void> {
    answer += piece;
    return {};
  };
  std::string body(reinterpret_cast<const char*>(data), size);
  const auto done = service.answer(body, {.whole = take, .piece = take});
  if (!done) {
    if (!answer.empty() || done.error().message.empty() || done.error().status < 400) std::abort();
    return 0;
  }
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(answer)["data"].get(list) != simdjson::SUCCESS || list.size() == 0) std::abort();
  return 0;
}
