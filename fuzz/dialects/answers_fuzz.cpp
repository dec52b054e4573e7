// What engines answer: every decoder on the same bytes, and what is decoded is encoded for a client.
#include "check.h"

#include <hearth/dialects/detections.h>
#include <hearth/dialects/embeddings.h>
#include <hearth/dialects/ocr.h>
#include <hearth/dialects/transcription.h>

#include <boost/json.hpp>

#include <vector>

using namespace hearth;
using namespace hearth::dialects;

namespace {

void check_json(std::string_view text) {
  boost::json::error_code code;
  boost::json::parse(text, code);
  FUZZ_CHECK(!code);
}

template <typename T>
void check_error(const Result<T>& result) {
  if (!result) FUZZ_CHECK(result.error().is(Errc::protocol_error) || result.error().is(Errc::too_large));
}

void check_transcript(std::string_view text) {
  const auto event = decode_transcript_event(text);
  check_error(event);
  if (!event) return;
  if (const auto* segment = std::get_if<TranscriptSegment>(&*event)) {
    Transcript transcript;
    transcript.text = segment->text;
    transcript.segments = {*segment};
    TranscriptionForm form;
    form.word_timestamps = true;
    for (const auto format : {TranscriptFormat::json, TranscriptFormat::verbose_json}) {
      form.response_format = format;
      check_json(encode_transcript(transcript, form).body);
    }
    form.response_format = TranscriptFormat::vtt;
    FUZZ_CHECK(encode_transcript(transcript, form).body.starts_with("WEBVTT\n\n"));
    check_json(std::string_view(encode_transcript_segment(*segment, SegmentWords::include)).substr(6));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const JsonBody body = JsonBody::copy_of(text);
  check_transcript(text);
  check_json(encode(decode_error_body(500, text)));

  const auto embeddings = decode_embeddings_answer(body);
  check_error(embeddings);
  if (embeddings) FUZZ_CHECK(embeddings->model_at.offset + embeddings->model_at.length <= size);

  const auto page = decode_ocr_page(body, {.max_words = 100, .max_blocks = 100});
  check_error(page);
  if (page) check_json(encode_ocr_page(*page, OcrWords::include));

  const auto image = decode_engine_detections(body, {.max_detections = 100});
  check_error(image);
  if (image) check_json(encode_detections(std::vector<ImageDetections>{*image}, "m", 0));
  return 0;
}
