#include "src/ascii.h"
#include "src/document_field.h"
#include "src/form_fields.h"
#include "src/json_reader.h"

#include <hearth/dialects/detections.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::dialects {

namespace {

using json::Value;

constexpr double kShortestStep = 0.001;  // seconds, as the media engine allows
constexpr double kLongestStep = 1e6;

Decoded<void> check_annotated_frames(const DetectionsRequest& request, const DetectionsLimits& limits) {
  if (!request.annotate || request.max_frames <= limits.max_annotated_frames) return {};
  return reject(ApiCode::invalid_value,
                fmt::format("With `annotate`, `max_frames` must be at most {}.", limits.max_annotated_frames),
                "max_frames");
}

Decoded<void> add_label(std::string_view label, const DetectionsLimits& limits, std::vector<std::string>& labels) {
  if (label.empty()) return {};
  // Labels go to the engine as a comma-separated list.
  if (label.size() > limits.max_label_bytes || label.find(',') != std::string_view::npos) {
    return reject(ApiCode::invalid_value,
                  fmt::format("A label must be at most {} bytes long and have no comma.", limits.max_label_bytes),
                  "labels");
  }
  if (labels.size() == limits.max_labels) {
    return reject(ApiCode::array_above_max_length, fmt::format("`labels` has more than {} items.", limits.max_labels),
                  "labels");
  }
  labels.emplace_back(label);
  return {};
}

Decoded<void> add_label_list(std::string_view list, const DetectionsLimits& limits, std::vector<std::string>& labels) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    HEARTH_TRY(add_label(trim(list.substr(0, comma)), limits, labels));
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
  return {};
}

Decoded<void> read_labels(Value& value, const DetectionsLimits& limits, std::vector<std::string>& labels) {
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view list, value.text());
    return add_label_list(list, limits, labels);
  }
  return value.each_item(limits.max_labels, [&](std::size_t, Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::string_view label, item.text());
    return add_label(label, limits, labels);
  });
}

}  // namespace

Decoded<DetectionsRequest> decode_detections(const JsonBody& body, const DetectionsLimits& limits) {
  static constexpr std::array<std::string_view, 8> kFields{"model",    "image",      "file_id", "min_score",
                                                           "annotate", "max_frames", "every",   "labels"};
  DetectionsRequest request;
  json::Document document(body);
  const auto read = [&](std::string_view name, Value value) -> Decoded<void> {
    if (name == "model") {
      HEARTH_TRY_ASSIGN(request.model, value.name());
    } else if (name == "image") {
      HEARTH_TRY_ASSIGN(request.image, read_url_field(value));
    } else if (name == "file_id") {
      HEARTH_TRY_ASSIGN(FileRef file, read_file_id(value));
      request.image = std::move(file);
    } else if (name == "min_score") {
      HEARTH_TRY_ASSIGN(request.min_score, value.number(0, 1));
    } else if (name == "annotate") {
      HEARTH_TRY_ASSIGN(request.annotate, value.boolean());
    } else if (name == "max_frames") {
      HEARTH_TRY_ASSIGN(const std::int64_t frames, value.integer(1, limits.max_frames));
      request.max_frames = static_cast<std::uint32_t>(frames);
    } else if (name == "every") {
      HEARTH_TRY_ASSIGN(request.every, value.number(kShortestStep, kLongestStep));
    } else {
      HEARTH_TRY(read_labels(value, limits, request.labels));
    }
    return {};
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kFields, read));
  if (!fields.has("file_id")) {
    HEARTH_TRY(fields.require("image"));
  }
  if (fields.has("file_id") && fields.has("image")) {
    return reject(ApiCode::invalid_value, "Send either `image` or `file_id`, not both.", "file_id");
  }
  HEARTH_TRY(check_annotated_frames(request, limits));
  request.unescaped = document.unescaped();
  return request;
}

Decoded<DetectionsRequest> decode_detections_form(std::span<const FormField> fields, const DetectionsLimits& limits) {
  static constexpr std::array<std::string_view, 5> kSingle{"model", "min_score", "annotate", "max_frames", "every"};
  HEARTH_TRY(refuse_duplicates(fields, kSingle));
  DetectionsRequest request;
  for (const FormField& field : fields) {
    if (field.name == "model") {
      HEARTH_TRY_ASSIGN(request.model, form_text(field));
    } else if (field.name == "min_score") {
      HEARTH_TRY_ASSIGN(request.min_score, form_number(field, 0, 1));
    } else if (field.name == "annotate") {
      HEARTH_TRY_ASSIGN(request.annotate, form_boolean(field));
    } else if (field.name == "max_frames") {
      HEARTH_TRY_ASSIGN(const std::int64_t frames, form_integer(field, 1, limits.max_frames));
      request.max_frames = static_cast<std::uint32_t>(frames);
    } else if (field.name == "every") {
      HEARTH_TRY_ASSIGN(request.every, form_number(field, kShortestStep, kLongestStep));
    } else if (field.name == "labels" || field.name == "labels[]") {
      HEARTH_TRY_ASSIGN(const std::string list, form_text(field));
      HEARTH_TRY(add_label_list(list, limits, request.labels));
    }
  }
  HEARTH_TRY(check_annotated_frames(request, limits));
  return request;
}

}  // namespace hearth::dialects
