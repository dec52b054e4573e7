// Any bytes as a tool's text: each step by itself makes it shorter or leaves it, and does no more the second time.
#include "check.h"
#include "src/blobs.h"
#include "src/duplicates.h"
#include "src/json.h"
#include "src/json_string.h"
#include "src/logs.h"
#include "src/whitespace.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace hearth::trim;

namespace {

template <typename Step>
void twice_is_once(std::string_view text, Step step) {
  const auto once = step(text);
  if (!once) return;
  check(once->size() < text.size());
  check(!step(*once));
}

void json_is_the_same(std::string_view text) {
  const auto minified = minify_json(text);
  if (!minified) return;
  boost::json::error_code error;
  const boost::json::value before = boost::json::parse(text, error);
  if (error) return;
  const boost::json::value after = boost::json::parse(*minified, error);
  check(!error && before == after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  twice_is_once(text, trim_whitespace);
  twice_is_once(text, fold_logs);
  twice_is_once(text, minify_json_within);
  json_is_the_same(text);
  [[maybe_unused]] const auto noted = note_blobs(text);
  Shown shown;
  [[maybe_unused]] const auto first = shown.show(text.substr(0, size / 2), "A");
  const std::string_view second = text.substr(size / 2);
  if (const auto shorter = shown.show(second, "B")) check(shorter->size() < second.size());
  const auto decoded = decode_string(text);
  if (decoded && hearth::is_utf8(*decoded)) check(decode_string(encode_string(*decoded)) == decoded);
  return 0;
}
