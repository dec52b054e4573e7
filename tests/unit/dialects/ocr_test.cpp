#include "rejects.h"

#include <hearth/dialects/ocr.h>

#include <boost/json.hpp>

namespace hearth::dialects {
namespace {

TEST(OcrRequest, reads_what_open_webui_and_mistrals_sdk_send) {
  const JsonBody body = JsonBody::copy_of(
      R"({"model":"mistral-ocr-latest","document":{"type":"document_url","document_url":"data:application\/pdf;base64,JVBERg=="},"include_image_base64":false,"pages":null})");
  const auto request = decode_ocr(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(std::get<DataUrl>(request->document).media_type, "application/pdf");
  EXPECT_EQ(std::get<DataUrl>(request->document).payload, "JVBERg==");
  EXPECT_TRUE(request->pages.empty());
}

TEST(OcrRequest, reads_every_kind_of_document) {
  const auto source = [](std::string_view document) {
    const JsonBody body = JsonBody::copy_of(R"({"model":"m","document":)" + std::string(document) + "}");
    const auto request = decode_ocr(body);
    EXPECT_TRUE(request.has_value()) << document;
    return request->document.index();
  };
  EXPECT_EQ(source(R"({"type":"image_url","image_url":"data:image/png;base64,AA=="})"), 0U);
  EXPECT_EQ(source(R"({"image_url":{"url":"data:image/png;base64,AA==","detail":"high"},"type":"image_url"})"), 0U);
  EXPECT_EQ(source(R"({"type":"file","file_id":"file_abc"})"), 1U);
  EXPECT_EQ(source(R"({"type":"document_url","document_url":"http://box:1/v1/files/file_abc/content"})"), 1U);
  EXPECT_EQ(source(R"({"document_url":"file_abc","document_name":"a.pdf"})"), 1U);
}

TEST(OcrRequest, reads_pages) {
  const auto pages = [](std::string_view json) {
    const auto request = decode_ocr(
        JsonBody::copy_of(R"({"model":"m","document":{"file_id":"file_a"},"pages":)" + std::string(json) + "}"));
    return request ? format_pages(request->pages) : request.error().param.value_or("?") + " refused";
  };
  EXPECT_EQ(pages("[0,1,2,5]"), "0-2,5");
  EXPECT_EQ(pages("[]"), "");
  EXPECT_EQ(pages("3"), "3");
  EXPECT_EQ(pages(R"("0-3, 7")"), "0-3,7");
  for (const std::string_view bad :
       {R"("")", R"("3-1")", R"("a")", R"("1,,2")", R"("-1")", R"("1-2-3")", R"("4294967296")", "true"}) {
    EXPECT_EQ(pages(bad), "pages refused") << bad;
  }
  EXPECT_EQ(pages("[0,-1]"), "pages[1] refused");
}

TEST(OcrRequest, names_the_field_that_is_wrong) {
  const Bad rows[] = {
      {R"({"document":{"file_id":"file_a"}})", ApiCode::missing_required_parameter, "model"},
      {R"({"model":"m"})", ApiCode::missing_required_parameter, "document"},
      {R"({"model":"m","document":"x"})", ApiCode::invalid_type, "document"},
      {R"({"model":"m","document":{}})", ApiCode::missing_required_parameter, "document"},
      {R"({"model":"m","document":{"type":"text"}})", ApiCode::invalid_value, "document.type"},
      {R"({"model":"m","document":{"type":"document_url"}})", ApiCode::missing_required_parameter,
       "document.document_url"},
      {R"({"model":"m","document":{"type":"document_url","document_url":"https://example.com/a.pdf"}})",
       ApiCode::remote_documents_disabled, "document.document_url"},
      {R"({"model":"m","document":{"type":"image_url","image_url":{"url":"x"}}})", ApiCode::invalid_value,
       "document.image_url.url"},
      {R"({"model":"m","document":{"type":"image_url","image_url":{}}})", ApiCode::missing_required_parameter,
       "document.image_url"},
      {R"({"model":"m","document":{"type":"file","file_id":"../x"}})", ApiCode::invalid_value, "document.file_id"},
      {R"({"model":"m","document":{"file_id":"file_a"},"include_image_base64":"no"})", ApiCode::invalid_type,
       "include_image_base64"},
      {R"({"model":"m","document":{"file_id":"file_a"},"document_annotation_format":{"type":"json_schema"}})",
       ApiCode::unsupported_value, "document_annotation_format"},
  };
  for (const Bad& row : rows) expect_rejected(decode_ocr(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
}

constexpr std::string_view kPage =
    R"({"text":"Hi you","markdown":"# Hi you","confidence":0.9,"rotation":90,"skew":-1.5,"width":800,"height":600,)"
    R"("words":[{"text":"Hi","box":[1,2,30,20],"confidence":0.95,"line":0,"block":0},)"
    R"({"text":"you","box":[40,2,90.04,20],"confidence":0.85,"line":0,"block":0}],)"
    R"("blocks":[{"type":"heading","box":[1,2,90,20],"text":"Hi you"}]})";

TEST(OcrPage, goes_from_the_engine_to_the_client) {
  auto page = decode_ocr_page(JsonBody::copy_of(kPage));
  ASSERT_TRUE(page.has_value()) << page.error().message();
  EXPECT_EQ(page->rotation, 90);
  EXPECT_EQ(page->words.size(), 2U);
  EXPECT_EQ(page->blocks.at(0).type, "heading");
  page->index = 3;
  page->dpi = 200;
  const std::vector<OcrPage> pages{*page};
  const auto json = boost::json::parse(encode_ocr(pages, "tesseract", 1234, OcrWords::include));
  EXPECT_EQ(json.at("model"), "tesseract");
  EXPECT_TRUE(json.at("document_annotation").is_null());
  EXPECT_EQ(json.at("usage_info"), (boost::json::value{{"pages_processed", 1}, {"doc_size_bytes", 1234}}));
  const auto& out = json.at("pages").at(0);
  EXPECT_EQ(out.at("index"), 3);
  EXPECT_EQ(out.at("markdown"), "# Hi you");
  EXPECT_EQ(out.at("images"), boost::json::array{});
  EXPECT_EQ(out.at("dimensions"), (boost::json::value{{"dpi", 200}, {"height", 600}, {"width", 800}}));
  EXPECT_EQ(out.at("words").at(1).at("text"), "you");
  EXPECT_EQ(out.at("confidence_scores").at("minimum_page_confidence_score").to_number<double>(), 0.85);
  EXPECT_EQ(out.at("confidence_scores").at("word_confidence_scores").at(1).at("start_index"), 5);
  EXPECT_FALSE(boost::json::parse(encode_ocr_page(*page, OcrWords::leave_out)).as_object().contains("words"));
}

TEST(OcrPage, refuses_nonsense_and_floods) {
  for (const std::string_view bad :
       {"", "{}", R"({"text":"x"})", R"({"text":"","markdown":"","words":[{"box":[1,2,3]}]})",
        R"({"text":"","markdown":"","words":[{"box":[1,2,3,1e300]}]})",
        R"({"text":"","markdown":"","confidence":2})"}) {
    const auto page = decode_ocr_page(JsonBody::copy_of(bad));
    ASSERT_FALSE(page.has_value()) << bad;
    EXPECT_TRUE(page.error().is(Errc::protocol_error)) << bad;
  }
  const auto flood = decode_ocr_page(JsonBody::copy_of(kPage), {.max_words = 1, .max_blocks = 1});
  ASSERT_FALSE(flood.has_value());
  EXPECT_TRUE(flood.error().is(Errc::too_large));
}

}  // namespace
}  // namespace hearth::dialects
