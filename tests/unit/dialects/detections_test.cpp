#include "rejects.h"

#include <hearth/dialects/detections.h>

#include <boost/json.hpp>

namespace hearth::dialects {
namespace {

TEST(DetectionsRequest, reads_json) {
  const JsonBody body = JsonBody::copy_of(
      R"({"model":"people","image":{"url":"data:image/png;base64,AA=="},"labels":["person","face"],"min_score":0.5,"annotate":true})");
  const auto request = decode_detections(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(std::get<DataUrl>(*request->image).payload, "AA==");
  EXPECT_EQ(request->labels, (std::vector<std::string>{"person", "face"}));
  EXPECT_EQ(request->min_score, 0.5);
  EXPECT_TRUE(request->annotate);
  EXPECT_EQ(std::get<FileRef>(*decode_detections(JsonBody::copy_of(R"({"model":"m","file_id":"file_a"})"))->image).id,
            "file_a");
}

TEST(DetectionsRequest, names_the_field_that_is_wrong) {
  const Bad rows[] = {
      {R"({"model":"m"})", ApiCode::missing_required_parameter, "image"},
      {R"({"model":"m","image":"file_a","file_id":"file_b"})", ApiCode::invalid_value, "file_id"},
      {R"({"model":"m","image":{"url":"file_a","file_id":"file_b"}})", ApiCode::invalid_value, "image"},
      {R"({"model":"m","image":"http://x/a.png"})", ApiCode::remote_documents_disabled, "image"},
      {R"({"model":"m","image":5})", ApiCode::invalid_type, "image"},
      {R"({"model":"m","image":"file_a","labels":[1]})", ApiCode::invalid_type, "labels[0]"},
      {R"({"model":"m","image":"file_a","labels":["a,b"]})", ApiCode::invalid_value, "labels"},
      {R"({"model":"m","image":"file_a","min_score":2})", ApiCode::invalid_value, "min_score"},
      {R"({"model":"m","image":"file_a","annotate":1})", ApiCode::invalid_type, "annotate"},
  };
  for (const Bad& row : rows) {
    expect_rejected(decode_detections(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  }
}

TEST(DetectionsRequest, reads_a_form) {
  const std::vector<FormField> fields{
      {"model", "people"}, {"labels", "person, face"}, {"labels[]", "dog"}, {"min_score", "0.25"}, {"annotate", "1"}};
  const auto request = decode_detections_form(fields);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->labels, (std::vector<std::string>{"person", "face", "dog"}));
  EXPECT_TRUE(request->annotate);
  EXPECT_FALSE(request->image.has_value());
  EXPECT_TRUE(decode_detections_form({}).has_value());
  const std::vector<FormField> many{{"model", "m"}, {"labels", "a,b,c"}};
  expect_rejected(decode_detections_form(many, {.max_labels = 2}), ApiCode::array_above_max_length, "labels", "a,b,c");
}

TEST(DetectionsRequest, asks_for_frames_of_a_video) {
  const auto one = decode_detections(JsonBody::copy_of(R"({"model":"m","image":"file_a"})"));
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->max_frames, 1U);
  const auto some =
      decode_detections(JsonBody::copy_of(R"({"model":"m","image":"file_a","max_frames":8,"every":2.5})"));
  ASSERT_TRUE(some.has_value());
  EXPECT_EQ(some->max_frames, 8U);
  EXPECT_EQ(some->every, 2.5);
  const std::vector<FormField> form{{"max_frames", "8"}, {"every", "2.5"}};
  const auto from_form = decode_detections_form(form);
  ASSERT_TRUE(from_form.has_value());
  EXPECT_EQ(from_form->max_frames, 8U);
  EXPECT_EQ(from_form->every, 2.5);
}

TEST(DetectionsRequest, bounds_the_frames) {
  const Bad rows[] = {
      {R"({"model":"m","image":"file_a","max_frames":0})", ApiCode::invalid_value, "max_frames"},
      {R"({"model":"m","image":"file_a","max_frames":1001})", ApiCode::invalid_value, "max_frames"},
      {R"({"model":"m","image":"file_a","max_frames":"3"})", ApiCode::invalid_type, "max_frames"},
      {R"({"model":"m","image":"file_a","every":0})", ApiCode::invalid_value, "every"},
      {R"({"model":"m","image":"file_a","max_frames":51,"annotate":true})", ApiCode::invalid_value, "max_frames"},
  };
  for (const Bad& row : rows) {
    expect_rejected(decode_detections(JsonBody::copy_of(row.input)), row.code, row.param, row.input);
  }
  const std::vector<FormField> form{{"max_frames", "51"}, {"annotate", "1"}};
  expect_rejected(decode_detections_form(form), ApiCode::invalid_value, "max_frames", "51 annotated");
}

TEST(Detections, of_a_video_say_when) {
  ImageDetections image;
  image.time = 12.5;
  const std::vector<ImageDetections> images{image};
  EXPECT_NE(encode_detections(images, "m", 7).find("\"time\":12.5"), std::string::npos);
}

TEST(Detections, go_from_the_engine_to_the_client) {
  auto image = decode_engine_detections(JsonBody::copy_of(
      R"({"width":100,"height":50,"detections":[{"label":"person","score":0.9,"box":[10,5,30,45]},{"label":"face","score":0.2,"box":[1,2,3,4]}],"annotated":"AA=="})"));
  ASSERT_TRUE(image.has_value());
  drop_below(*image, 0.5);
  const std::vector<ImageDetections> images{*image};
  EXPECT_EQ(
      boost::json::parse(encode_detections(images, "people", 7)),
      boost::json::parse(
          R"({"object":"list","created":7,"model":"people","data":[{"object":"detections","index":0,"width":100,"height":50,
                "detections":[{"label":"person","score":0.9,"box":{"x":10,"y":5,"width":20,"height":40}}],"annotated_image":"AA=="}]})"));
}

TEST(Detections, refuse_nonsense_and_floods) {
  for (const std::string_view bad :
       {"{}", R"({"detections":[{"label":"x"}]})", R"({"detections":[{"label":"x","score":1,"box":[]}]})"}) {
    EXPECT_TRUE(decode_engine_detections(JsonBody::copy_of(bad)).error().is(Errc::protocol_error)) << bad;
  }
  const auto flood =
      decode_engine_detections(JsonBody::copy_of(R"({"detections":[{"label":"x","score":1,"box":[1,2,3,4]}]})"), {0});
  EXPECT_TRUE(flood.error().is(Errc::too_large));
}

}  // namespace
}  // namespace hearth::dialects
