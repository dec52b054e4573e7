#include "src/form_fields.h"
#include "src/json_writer.h"

#include <hearth/dialects/files.h>

#include <fmt/format.h>

#include <array>

namespace hearth::dialects {

namespace {

constexpr std::int64_t kShortestLife = 3600;
constexpr std::int64_t kLongestLife = 2'592'000;
constexpr std::size_t kMaxPurpose = 64;

void write_file(json::Writer& w, const FileObject& file) {
  w.begin_object();
  w.key("id").string(file.id);
  w.key("object").string("file");
  w.key("bytes").number(file.bytes);
  w.key("created_at").number(file.created_at);
  w.key("expires_at");
  file.expires_at ? w.number(*file.expires_at) : w.null();
  w.key("filename").string(file.filename);
  w.key("purpose").string(file.purpose);
  w.key("status").string("processed");
  // Keys that Mistral's clients check for.
  w.key("sample_type").string("ocr_input");
  w.key("source").string("upload");
  w.key("mimetype");
  file.media_type.empty() ? w.null() : w.string(file.media_type);
  w.key("deleted").boolean(false);
  w.end_object();
}

}  // namespace

Decoded<FileUploadForm> decode_file_upload(std::span<const FormField> fields) {
  static constexpr std::array<std::string_view, 2> kSingle{"purpose", "expires_after[seconds]"};
  HEARTH_TRY(refuse_duplicates(fields, kSingle));
  FileUploadForm form;
  for (const FormField& field : fields) {
    if (field.name == "purpose") {
      HEARTH_TRY_ASSIGN(form.purpose, form_text(field));
      if (form.purpose.empty() || form.purpose.size() > kMaxPurpose) {
        return reject(ApiCode::invalid_value, fmt::format("`purpose` must have 1 to {} characters.", kMaxPurpose),
                      "purpose");
      }
    } else if (field.name == "expires_after[seconds]") {
      HEARTH_TRY_ASSIGN(form.expires_after_seconds, form_integer(field, kShortestLife, kLongestLife));
    }
  }
  // OpenAI requires it and Mistral does not; what it says changes nothing here.
  if (form.purpose.empty()) form.purpose = "user_data";
  return form;
}

std::string encode_file(const FileObject& file) {
  json::Writer w;
  write_file(w, file);
  return w.take();
}

std::string encode_file_list(std::span<const FileObject> files) {
  json::Writer w;
  w.begin_object().key("object").string("list").key("data").begin_array();
  for (const FileObject& file : files) write_file(w, file);
  w.end_array();
  w.key("first_id");
  files.empty() ? w.null() : w.string(files.front().id);
  w.key("last_id");
  files.empty() ? w.null() : w.string(files.back().id);
  w.key("has_more").boolean(false);
  w.key("total").number(files.size());
  w.end_object();
  return w.take();
}

std::string encode_file_deleted(std::string_view id) {
  json::Writer w;
  w.begin_object().key("id").string(id).key("object").string("file").key("deleted").boolean(true).end_object();
  return w.take();
}

std::string encode_file_url(std::string_view url) {
  json::Writer w;
  w.begin_object().key("url").string(url).end_object();
  return w.take();
}

std::string own_file_url(std::string_view base, std::string_view id) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return fmt::format("{}/v1/files/{}/content", base, id);
}

}  // namespace hearth::dialects
