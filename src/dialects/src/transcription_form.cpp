#include "src/ascii.h"
#include "src/enum_names.h"
#include "src/form_fields.h"

#include <hearth/dialects/transcription.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::dialects {

namespace {

constexpr std::size_t kMaxModelName = 256;

constexpr EnumNames<TranscriptFormat, 5> kFormats{{{"json", TranscriptFormat::json},
                                                   {"text", TranscriptFormat::text},
                                                   {"srt", TranscriptFormat::srt},
                                                   {"verbose_json", TranscriptFormat::verbose_json},
                                                   {"vtt", TranscriptFormat::vtt}}};

Decoded<std::string> read_model(const FormField& field) {
  HEARTH_TRY_ASSIGN(std::string model, form_text(field));
  if (model.empty()) return reject(ApiCode::empty_string, "`model` must not be empty.", "model");
  if (model.size() > kMaxModelName) {
    return reject(ApiCode::string_above_max_length,
                  fmt::format("`model` must be at most {} bytes long.", kMaxModelName), "model");
  }
  return model;
}

Decoded<TranscriptFormat> read_format(const FormField& field) {
  HEARTH_TRY_ASSIGN(const std::string text, form_text(field));
  if (text.empty()) return TranscriptFormat::json;
  if (text == "diarized_json") {
    return reject(ApiCode::unsupported_value,
                  "`response_format` diarized_json needs a model that tells speakers apart, and none is on this box; "
                  "use verbose_json for segments with times.",
                  "response_format");
  }
  return parse_enum(kFormats, text, "response_format");
}

// "en", "EN", "en-US", "yue" → "en", "en", "en", "yue"; "auto" and "" → "".
Decoded<std::string> read_language(const FormField& field) {
  HEARTH_TRY_ASSIGN(const std::string text, form_text(field));
  const std::string tag = to_lower(text);
  if (tag == "auto") return std::string();
  std::string code = tag.substr(0, tag.find_first_of("-_"));
  const bool is_code = (code.size() == 2 || code.size() == 3) && std::ranges::all_of(code, is_letter);
  if (!code.empty() && !is_code) {
    return reject(ApiCode::invalid_value, "`language` must be an ISO 639 code such as en or zh.", "language");
  }
  return code;
}

Decoded<void> read_granularity(const FormField& field, TranscriptionForm& form) {
  HEARTH_TRY_ASSIGN(const std::string text, form_text(field));
  if (text == "word") {
    form.word_timestamps = true;
  } else if (text == "segment") {
    form.segment_timestamps = true;
  } else {
    return reject(ApiCode::invalid_value, "`timestamp_granularities[]` must be word or segment.",
                  "timestamp_granularities[]");
  }
  return {};
}

Decoded<void> read_include(const FormField& field) {
  HEARTH_TRY_ASSIGN(const std::string text, form_text(field));
  if (text == "logprobs") return {};  // accepted as a wish: our engines give segments' log probabilities only
  return reject(ApiCode::invalid_value, "`include[]` must be logprobs.", "include[]");
}

Decoded<void> read_field(const FormField& field, const TranscriptionLimits& limits, TranscriptionForm& form) {
  if (field.name == "model") {
    HEARTH_TRY_ASSIGN(form.model, read_model(field));
  } else if (field.name == "language") {
    HEARTH_TRY_ASSIGN(form.language, read_language(field));
  } else if (field.name == "prompt") {
    HEARTH_TRY_ASSIGN(form.prompt, form_text(field));
    if (form.prompt.size() > limits.max_prompt_bytes) {
      return reject(ApiCode::string_above_max_length,
                    fmt::format("`prompt` must be at most {} bytes long.", limits.max_prompt_bytes), "prompt");
    }
  } else if (field.name == "response_format") {
    HEARTH_TRY_ASSIGN(form.response_format, read_format(field));
  } else if (field.name == "temperature") {
    HEARTH_TRY_ASSIGN(form.temperature, form_number(field, 0, 1));
  } else if (field.name == "stream") {
    HEARTH_TRY_ASSIGN(form.stream, form_boolean(field));
  } else if (field.name == "timestamp_granularities[]" || field.name == "timestamp_granularities") {
    HEARTH_TRY(read_granularity(field, form));
  } else if (field.name == "include[]" || field.name == "include") {
    HEARTH_TRY(read_include(field));
  }
  return {};
}

}  // namespace

Decoded<TranscriptionForm> decode_transcription(std::span<const FormField> fields, AudioTask task,
                                                const TranscriptionLimits& limits) {
  static constexpr std::array<std::string_view, 6> kSingle{"model",           "language",    "prompt",
                                                           "response_format", "temperature", "stream"};
  HEARTH_TRY(refuse_duplicates(fields, kSingle));
  TranscriptionForm form;
  const bool chooses_times =
      std::ranges::any_of(fields, [](const FormField& f) { return f.name.starts_with("timestamp_granularities"); });
  form.segment_timestamps = !chooses_times;
  for (const FormField& field : fields) {
    HEARTH_TRY(read_field(field, limits, form));
  }

  if (form.model.empty()) return reject(ApiCode::missing_required_parameter, "`model` is required.", "model");
  const bool subtitles = form.response_format == TranscriptFormat::srt || form.response_format == TranscriptFormat::vtt;
  if (form.stream && subtitles) {
    return reject(ApiCode::invalid_value,
                  "`stream` sends events as JSON; it cannot be used with response_format srt or vtt.", "stream");
  }
  // Translations are not streamed by OpenAI either; its clients send the field to both endpoints.
  if (task == AudioTask::translate) form.stream = false;
  return form;
}

}  // namespace hearth::dialects
