// Data URLs and base64: in any pieces the same, and only what encodes back to the same text is accepted.
#include "check.h"

#include <hearth/dialects/base64.h>
#include <hearth/dialects/data_url.h>

using namespace hearth::dialects;

namespace {

void check_base64(std::string_view encoded, std::size_t step) {
  const auto whole = decode_base64(encoded);
  Base64Decoder decoder;
  std::string out;
  bool ok = true;
  for (std::size_t i = 0; ok && i < encoded.size(); i += step)
    ok = decoder.push(encoded.substr(i, step), out).has_value();
  ok = ok && decoder.finish().has_value();
  FUZZ_CHECK(ok == whole.has_value());
  if (!whole) return;
  FUZZ_CHECK(out == *whole);
  FUZZ_CHECK(whole->size() <= base64_decoded_bound(encoded.size()));
  std::string again;
  append_base64(again, *whole);
  FUZZ_CHECK(again == encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text(data + 1, size - 1);
  const std::size_t step = data[0] % 16U + 1;
  check_base64(text, step);
  if (const auto url = parse_data_url(text, "u")) check_base64(url->payload, step);
  const auto source = parse_document_url(text, "u");
  if (!source) {
    FUZZ_CHECK(find_api_code(source.error().code).has_value());
  } else if (const auto* file = std::get_if<FileRef>(&*source)) {
    FUZZ_CHECK(is_file_id(file->id));
  }
  return 0;
}
