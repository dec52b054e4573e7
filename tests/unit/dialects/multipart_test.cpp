#include "multipart_reference.h"
#include "rejects.h"

#include <rapidcheck/gtest.h>

namespace hearth::dialects {
namespace {

constexpr std::string_view kForm =
    "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
    "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".wav\"\r\n"
    "Content-Type: audio/wav\r\n\r\nRIFF\r\n--X\r\n--XXY\r\ndata\r\n--XX--\r\n";

WholeForm parse(std::string_view body, const MultipartLimits& limits = {}) {
  return parse_pieces({body}, "XX", limits);
}

std::string part(std::string_view headers, std::string_view data) {
  return "--XX\r\n" + std::string(headers) + "\r\n\r\n" + std::string(data) + "\r\n--XX--\r\n";
}

TEST(Multipart, reads_fields_and_files) {
  const WholeForm form = parse(kForm);
  EXPECT_EQ(form.error, "");
  ASSERT_EQ(form.parts.size(), 2U);
  EXPECT_EQ(form.parts[0].begin.name, "model");
  EXPECT_FALSE(form.parts[0].begin.is_file());
  EXPECT_EQ(form.parts[0].data, "whisper-1");
  EXPECT_EQ(form.parts[1].begin.filename, "a \"b\".wav");
  EXPECT_EQ(form.parts[1].begin.content_type, "audio/wav");
  EXPECT_TRUE(form.parts[1].begin.is_file());
  // What looks like the boundary but is not, is data.
  EXPECT_EQ(form.parts[1].data, "RIFF\r\n--X\r\n--XXY\r\ndata");
}

TEST(Multipart, ends_with_form_end_and_ignores_what_follows) {
  MultipartParser parser("XX");
  parser.feed("--XX--\r\nanything");
  EXPECT_TRUE(std::holds_alternative<FormEnd>(**parser.next()));
  parser.feed("more");
  EXPECT_FALSE(parser.next()->has_value());
  EXPECT_TRUE(parser.finish().has_value());
}

TEST(Multipart, accepts_parts_without_a_body) {
  const WholeForm form = parse(
      "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX\r\n"
      "Content-Disposition: form-data; name=b\r\n\r\n\r\n--XX--");
  EXPECT_EQ(form.error, "");
  ASSERT_EQ(form.parts.size(), 2U);
  EXPECT_EQ(form.parts[0].data, "");
  EXPECT_EQ(form.parts[1].begin.name, "b");
  EXPECT_EQ(form.parts[1].data, "");
}

TEST(Multipart, file_names_are_names) {
  const auto name = [](std::string_view parameters) {
    return *parse(part("Content-Disposition: form-data; name=\"f\"; " + std::string(parameters), "x"))
                .parts.at(0)
                .begin.filename;
  };
  EXPECT_EQ(name("filename=\"../../etc/passwd\""), "passwd");
  EXPECT_EQ(name("filename=\"C:\\Users\\me\\a.wav\""), "a.wav");
  EXPECT_EQ(name("filename=plain.wav"), "plain.wav");
  EXPECT_EQ(name("filename=\"a;b.wav\""), "a;b.wav");
  EXPECT_EQ(name("filename=\"x\"; filename*=UTF-8''na%C3%AFve.txt"), "naïve.txt");
  EXPECT_EQ(name("filename=\"x\"; filename*=latin1''na%EFve.txt"), "x");
  EXPECT_EQ(name("filename=\"caf\xE9.wav\""), "caf\xEF\xBF\xBD.wav");
  EXPECT_EQ(name("filename=\"a\tb\""), "a_b");
}

TEST(Multipart, a_part_with_a_media_type_is_a_file) {
  EXPECT_TRUE((PartBegin{"f", std::nullopt, "audio/mpeg"}).is_file());
  EXPECT_FALSE((PartBegin{"f", std::nullopt, "Text/Plain; charset=utf-8"}).is_file());
  EXPECT_FALSE((PartBegin{"f", std::nullopt, "application/json"}).is_file());
}

TEST(Multipart, refuses_what_is_malformed) {
  const std::string good = "Content-Disposition: form-data; name=\"a\"";
  const struct {
    std::string body;
    std::string_view error;
  } rows[] = {
      {"", "invalid_multipart"},
      {"hello", "invalid_multipart"},
      {"--YY\r\n" + good + "\r\n\r\nx\r\n--YY--", "invalid_multipart"},
      {"--XX\n" + good + "\n\nx\n--XX--", "invalid_multipart"},
      {"--XX\r\n\r\nx\r\n--XX--", "invalid_multipart"},
      {"--XX\r\n" + good, "body_incomplete"},
      {"--XX\r\n" + good + "\r\n\r\nx", "body_incomplete"},
      {"--XX\r\n" + good + "\r\n\r\nx\r\n--XX", "body_incomplete"},
      {"--XX\r\n" + good + "\r\n\r\nx\r\n--XX\r\n", "body_incomplete"},
      {part("Content-Type: text/plain", "x"), "invalid_multipart"},
      {part("Content-Disposition: form-data", "x"), "invalid_multipart"},
      {part("Content-Disposition: form-data; name=\"\"", "x"), "invalid_multipart"},
      {part("Content-Disposition: attachment; name=\"a\"", "x"), "invalid_multipart"},
      {part("Content-Disposition: form-data; name=\"a", "x"), "invalid_multipart"},
      {part("Content-Disposition: form-data; name=\"\xFF\"", "x"), "invalid_utf8"},
      {part(good + "\r\n" + good, "x"), "invalid_multipart"},
      {part(good + "\r\nno colon", "x"), "invalid_multipart"},
      {part(good + "\r\nX: a\nb", "x"), "invalid_multipart"},
      {part(good + "\r\nX: " + std::string(9000, 'x'), "x"), "invalid_multipart"},
      {std::string(5000, 'x') + "\r\n" + part(good, "x"), "invalid_multipart"},
  };
  for (const auto& row : rows) EXPECT_EQ(parse(row.body).error, row.error) << row.body.substr(0, 100);
}

TEST(Multipart, has_limits) {
  MultipartLimits limits;
  limits.max_parts = 1;
  EXPECT_EQ(parse(kForm, limits).error, "array_above_max_length");
  limits = {};
  limits.max_field_bytes = 8;
  EXPECT_EQ(parse(kForm, limits).error, "request_too_large");
  limits.max_field_bytes = 9;
  EXPECT_EQ(parse(kForm, limits).error, "");
  limits.max_file_bytes = 10;
  EXPECT_EQ(parse(kForm, limits).error, "request_too_large");
}

TEST(Multipart, an_error_stays) {
  MultipartParser parser("XX");
  parser.feed("--XX\r\n\r\n");
  ASSERT_FALSE(parser.next().has_value());
  parser.feed(kForm);
  EXPECT_FALSE(parser.next().has_value());
  EXPECT_FALSE(parser.finish().has_value());
}

TEST(Multipart, finds_the_boundary) {
  EXPECT_EQ(*multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(*multipart_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b'c\""), "a b'c");
  EXPECT_EQ(*multipart_boundary("multipart/form-data;boundary=" + std::string(70, 'x')), std::string(70, 'x'));
  const std::string too_long = "multipart/form-data; boundary=" + std::string(71, 'x');
  const Bad rows[] = {
      {"", ApiCode::unsupported_content_type},
      {"application/json", ApiCode::unsupported_content_type},
      {"multipart/mixed; boundary=a", ApiCode::unsupported_content_type},
      {"multipart/form-data", ApiCode::invalid_multipart},
      {"multipart/form-data; boundary=", ApiCode::invalid_multipart},
      {"multipart/form-data; boundary=\"\"", ApiCode::invalid_multipart},
      {"multipart/form-data; boundary=\"a", ApiCode::invalid_multipart},
      {"multipart/form-data; boundary=\"a \"", ApiCode::invalid_multipart},
      {"multipart/form-data; boundary=a\rb", ApiCode::invalid_multipart},
      {too_long, ApiCode::invalid_multipart},
  };
  for (const Bad& row : rows) expect_rejected(multipart_boundary(row.input), row.code, row.param, row.input);
}

TEST(Multipart, every_single_cut_gives_the_same_events) {
  const WholeForm whole = parse(kForm);
  for (std::size_t i = 0; i <= kForm.size(); ++i) {
    EXPECT_EQ(parse_pieces({kForm.substr(0, i), kForm.substr(i)}, "XX", {}), whole) << i;
  }
}

// Bodies made of what matters to the grammar, cut anywhere; small limits, so that they are met.
RC_GTEST_PROP(Multipart, any_split_agrees_with_the_plain_parser, ()) {
  const auto tokens = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("--XX", "--XX\r\n", "\r\n--XX\r\n", "\r\n--XX--", "\r\n", "\r", "\n", "-", " ", "x",
                                    "Content-Disposition: form-data; name=\"a\"\r\n\r\n",
                                    "\r\n--XX\r\nContent-Disposition: form-data; name=b\r\n\r\n"));
  std::string body;
  for (const auto& token : tokens) body += token;
  std::vector<std::string_view> pieces;
  for (std::string_view rest = body; !rest.empty();) {
    const auto n = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
    pieces.push_back(rest.substr(0, n));
    rest.remove_prefix(n);
  }
  MultipartLimits limits;
  limits.max_parts = 3;
  limits.max_field_bytes = 12;
  limits.max_header_bytes = 60;
  limits.max_preamble_bytes = 8;
  const WholeForm whole = parse_whole_form(body, "XX", limits);
  const WholeForm split = parse_pieces(pieces, "XX", limits);
  RC_ASSERT(split.error == whole.error);
  RC_ASSERT(split.parts.size() == whole.parts.size());
  for (std::size_t i = 0; i < whole.parts.size(); ++i) {
    RC_ASSERT(split.parts[i].begin == whole.parts[i].begin);
    RC_ASSERT(split.parts[i].complete == whole.parts[i].complete);
    // Of the part at which an error stops, as much is given as came before it.
    if (whole.parts[i].complete) RC_ASSERT(split.parts[i].data == whole.parts[i].data);
    RC_ASSERT(whole.parts[i].data.starts_with(split.parts[i].data));
  }
}

}  // namespace
}  // namespace hearth::dialects
