#include "rejects.h"

#include <hearth/dialects/data_url.h>
#include <hearth/dialects/files.h>

namespace hearth::dialects {
namespace {

TEST(DataUrl, is_taken_apart) {
  const auto pdf = parse_data_url("data:application/pdf;base64,JVBERg==", "u");
  ASSERT_TRUE(pdf.has_value());
  EXPECT_EQ(pdf->media_type, "application/pdf");
  EXPECT_EQ(pdf->payload, "JVBERg==");
  EXPECT_EQ(parse_data_url("DATA:Image/PNG;name=a.png;BASE64,AA==", "u")->media_type, "image/png");
  EXPECT_EQ(parse_data_url("data:;base64,AA==", "u")->media_type, "text/plain");
}

TEST(DataUrl, refuses_what_is_malformed) {
  const std::string long_head = "data:" + std::string(300, 'a') + ";base64,AA==";
  const Bad rows[] = {
      {"", ApiCode::invalid_data_url, "u"},
      {"data:", ApiCode::invalid_data_url, "u"},
      {"data:image/png,AA==", ApiCode::invalid_data_url, "u"},
      {"data:image/png;base64", ApiCode::invalid_data_url, "u"},
      {"data:image/png;base64,", ApiCode::empty_file, "u"},
      {long_head, ApiCode::invalid_data_url, "u"},
  };
  for (const Bad& row : rows) expect_rejected(parse_data_url(row.input, "u"), row.code, row.param, row.input);
}

TEST(DocumentUrl, knows_files_of_this_box) {
  for (const std::string& text : {std::string("file_abc123"), own_file_url("http://box.local:8080/", "file_abc123"),
                                  own_file_url("https://10.0.0.2", "file_abc123") + "?expires=1&signature=x#y"}) {
    const auto source = parse_document_url(text, "u");
    ASSERT_TRUE(source.has_value()) << text;
    EXPECT_EQ(std::get<FileRef>(*source).id, "file_abc123");
  }
  EXPECT_TRUE(is_file_id("file-Ab1"));
  EXPECT_FALSE(is_file_id("file_"));
  EXPECT_FALSE(is_file_id("file_a/../b"));
  EXPECT_FALSE(is_file_id("file_" + std::string(60, 'a')));
}

TEST(DocumentUrl, fetches_nothing) {
  const Bad rows[] = {
      {"https://example.com/a.pdf", ApiCode::remote_documents_disabled, "u"},
      {"HTTP://169.254.169.254/latest", ApiCode::remote_documents_disabled, "u"},
      {"http://box/v1/files/../secret/content", ApiCode::remote_documents_disabled, "u"},
      {"http://box/v1/files//content", ApiCode::remote_documents_disabled, "u"},
      {"file:///etc/passwd", ApiCode::invalid_value, "u"},
      {"", ApiCode::invalid_value, "u"},
      {"/v1/files/x/content", ApiCode::invalid_value, "u"},
  };
  for (const Bad& row : rows) expect_rejected(parse_document_url(row.input, "u"), row.code, row.param, row.input);
}

}  // namespace
}  // namespace hearth::dialects
