#include <hearth/dialects/models.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hearth::dialects {
namespace {

TEST(Models, have_openais_keys_and_ours) {
  const ModelObject model{.id = "a",
                          .created = 5,
                          .owned_by = "hearth",
                          .task = "speech",
                          .aliases = {"tts-1"},
                          .ready = true,
                          .alias_of = ""};
  const std::string one =
      R"({"id":"a","object":"model","created":5,"owned_by":"hearth","task":"speech","aliases":["tts-1"],"ready":true,"alias_of":null})";
  EXPECT_EQ(encode_model(model), one);
  const std::vector<ModelObject> models{model, model};
  EXPECT_EQ(encode_model_list(models), R"({"object":"list","data":[)" + one + "," + one + "]}");
  EXPECT_EQ(encode_model_list({}), R"({"object":"list","data":[]})");
}

}  // namespace
}  // namespace hearth::dialects
