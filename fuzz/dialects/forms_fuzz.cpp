// The decoders of forms. Input: name NUL value NUL name NUL value …
#include "check.h"

#include <hearth/core/utf8.h>
#include <hearth/dialects/detections.h>
#include <hearth/dialects/files.h>
#include <hearth/dialects/transcription.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace hearth;
using namespace hearth::dialects;

namespace {

std::string take(std::string_view& text) {
  const std::size_t end = std::min(text.find('\0'), text.size());
  std::string out(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return out;
}

template <typename T>
void check_error(const Decoded<T>& result) {
  if (!result) FUZZ_CHECK(find_api_code(result.error().code).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = as_text(data, size);
  std::vector<FormField> fields;
  while (!text.empty() && fields.size() < 64) {
    std::string name = take(text);
    std::string value = take(text);
    fields.push_back({std::move(name), std::move(value)});
  }
  for (const auto task : {AudioTask::transcribe, AudioTask::translate}) {
    const auto form = decode_transcription(fields, task);
    check_error(form);
    if (!form) continue;
    FUZZ_CHECK(!form->model.empty() && is_utf8(form->model) && is_utf8(form->prompt));
    FUZZ_CHECK(form->temperature >= 0 && form->temperature <= 1);
    FUZZ_CHECK(form->language.size() <= 3);
  }
  const auto upload = decode_file_upload(fields);
  check_error(upload);
  if (upload) FUZZ_CHECK(!upload->purpose.empty());
  const auto detections = decode_detections_form(fields);
  check_error(detections);
  if (detections) FUZZ_CHECK(detections->labels.size() <= 100);
  return 0;
}
