#include "src/document_field.h"

#include <array>
#include <optional>

namespace hearth::dialects {

Decoded<FileRef> read_file_id(json::Value& value) {
  HEARTH_TRY_ASSIGN(const std::string_view id, value.text());
  if (!is_file_id(id)) {
    return std::unexpected(
        value.refuse(ApiCode::invalid_value, "must be the id of an uploaded file, as POST /v1/files answered it."));
  }
  return FileRef{std::string(id)};
}

Decoded<DocumentSource> read_url_field(json::Value& value) {
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
    return parse_document_url(text, value.path().text());
  }
  if (value.kind() != json::Kind::object) {
    return std::unexpected(value.wrong_type("a string, or an object with a `url`"));
  }
  static constexpr std::array<std::string_view, 2> kFields{"url", "file_id"};
  std::optional<DocumentSource> source;
  const auto read = [&](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "file_id") {
      HEARTH_TRY_ASSIGN(source, read_file_id(field));
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    HEARTH_TRY_ASSIGN(source, parse_document_url(text, field.path().text()));
    return {};
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, value.each_field(kFields, read));
  if (!source) return std::unexpected(value.refuse(ApiCode::missing_required_parameter, "must have a `url`."));
  if (fields.has("url") && fields.has("file_id")) {
    return std::unexpected(value.refuse(ApiCode::invalid_value, "has both `url` and `file_id`; send one of them."));
  }
  return *source;
}

}  // namespace hearth::dialects
