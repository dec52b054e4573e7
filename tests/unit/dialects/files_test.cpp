#include "rejects.h"

#include <hearth/dialects/files.h>

#include <boost/json.hpp>

#include <vector>

namespace hearth::dialects {
namespace {

TEST(Files, reads_the_upload_form) {
  const std::vector<FormField> fields{
      {"purpose", "ocr"}, {"expires_after[anchor]", "created_at"}, {"expires_after[seconds]", "3600"}};
  const auto form = decode_file_upload(fields);
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->purpose, "ocr");
  EXPECT_EQ(form->expires_after_seconds, 3600);
  EXPECT_EQ(decode_file_upload({})->purpose, "user_data");
  const std::vector<FormField> bad{{"expires_after[seconds]", "10"}};
  expect_rejected(decode_file_upload(bad), ApiCode::invalid_value, "expires_after[seconds]", "10");
}

TEST(Files, have_the_keys_of_both_apis) {
  const FileObject file{.id = "file_a",
                        .bytes = 5,
                        .created_at = 9,
                        .filename = "a.pdf",
                        .purpose = "ocr",
                        .media_type = "application/pdf",
                        .expires_at = std::nullopt};
  const auto json = boost::json::parse(encode_file(file)).as_object();
  for (const std::string_view key : {"id", "object", "bytes", "created_at", "expires_at", "filename", "purpose",
                                     "status", "sample_type", "source", "mimetype", "deleted"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  const std::vector<FileObject> files{file};
  const auto list = boost::json::parse(encode_file_list(files));
  EXPECT_EQ(list.at("total"), 1);
  EXPECT_EQ(list.at("data").at(0).at("id"), "file_a");
  EXPECT_TRUE(boost::json::parse(encode_file_list({})).at("first_id").is_null());
  EXPECT_EQ(encode_file_deleted("file_a"), R"({"id":"file_a","object":"file","deleted":true})");
  EXPECT_EQ(encode_file_url("http://b"), R"({"url":"http://b"})");
}

}  // namespace
}  // namespace hearth::dialects
