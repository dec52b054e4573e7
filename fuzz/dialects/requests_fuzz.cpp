// Every decoder of a JSON request, on the same bytes; what they call well-formed is compared with another JSON parser.
#include "check.h"

#include <hearth/core/utf8.h>
#include <hearth/dialects/base64.h>
#include <hearth/dialects/chat.h>
#include <hearth/dialects/detections.h>
#include <hearth/dialects/embeddings.h>
#include <hearth/dialects/ocr.h>
#include <hearth/dialects/speech.h>

#include <boost/json.hpp>

using namespace hearth::dialects;

namespace {

enum class Reference { object, other_value, malformed, undecided };

Reference reference(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 10000;
  boost::json::error_code code;
  const auto value = boost::json::parse(text, code, {}, options);
  // Numbers out of a double's range are well-formed JSON.
  if (code == boost::json::error::exponent_overflow || code == boost::json::error::too_deep)
    return Reference::undecided;
  if (code) return Reference::malformed;
  return value.is_object() ? Reference::object : Reference::other_value;
}

template <typename T>
void compare(const Decoded<T>& result, Reference expected) {
  if (expected == Reference::undecided) return;
  if (result) {
    FUZZ_CHECK(expected == Reference::object);
    return;
  }
  const ApiError& error = result.error();
  FUZZ_CHECK(find_api_code(error.code).has_value());
  FUZZ_CHECK(error.status == info(*find_api_code(error.code)).status);
  boost::json::error_code code;
  boost::json::parse(encode(error), code);
  FUZZ_CHECK(!code);
  if (error.code == "invalid_json" || error.code == "invalid_utf8") FUZZ_CHECK(expected != Reference::object);
}

void check_embeddings(const JsonBody& body, Reference expected) {
  const auto request = decode_embeddings(body);
  compare(request, expected);
  if (!request) return;
  FUZZ_CHECK(input_count(request->input) > 0);
  // The text that a client sent is the text that was read.
  const auto value = boost::json::parse(body.view(), {}, {.max_depth = 100});
  const auto& input = value.at("input");
  if (const auto* text = std::get_if<std::string_view>(&request->input)) FUZZ_CHECK(*text == input.as_string());
  if (const auto* texts = std::get_if<std::vector<std::string_view>>(&request->input)) {
    FUZZ_CHECK(texts->size() == input.as_array().size());
    for (std::size_t i = 0; i < texts->size(); ++i) FUZZ_CHECK((*texts)[i] == input.at(i).as_string());
  }
  // A forwarded body differs in its model and in nothing else.
  const JsonBody forwarded = JsonBody(forward_embeddings(body, *request, "other \"model\"").join());
  const auto again = decode_embeddings(forwarded);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->model == "other \"model\"");
  FUZZ_CHECK(again->input == request->input);
  FUZZ_CHECK(again->dimensions == request->dimensions);
}

void check_source(const DocumentSource& source) {
  if (const auto* url = std::get_if<DataUrl>(&source)) {
    if (const auto bytes = decode_base64(url->payload)) FUZZ_CHECK(bytes->size() <= url->decoded_bound());
  } else {
    FUZZ_CHECK(is_file_id(std::get<FileRef>(source).id));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const JsonBody body = JsonBody::copy_of(as_text(data, size));
  const Reference expected = reference(body.view());
  check_embeddings(body, expected);
  const auto chat = decode_chat_head(body);
  compare(chat, expected);
  if (chat)
    FUZZ_CHECK(decode_chat_head(JsonBody(splice_string(body.view(), chat->model_at, "m").join()))->model == "m");
  const auto speech = decode_speech(body);
  compare(speech, expected);
  if (speech) FUZZ_CHECK(hearth::is_utf8(speech->input));
  const auto ocr = decode_ocr(body);
  compare(ocr, expected);
  if (ocr) {
    check_source(ocr->document);
    if (!ocr->pages.empty()) FUZZ_CHECK(*parse_pages(format_pages(ocr->pages), {}, "pages") == ocr->pages);
  }
  const auto detections = decode_detections(body);
  compare(detections, expected);
  if (detections) check_source(*detections->image);
  return 0;
}
