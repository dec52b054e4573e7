#include <hearth/egress/image_manifest.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hearth::egress {
namespace {

using testing::HasSubstr;

const std::string kA = "sha256:" + std::string(64, 'a');
const std::string kB = "sha256:" + std::string(64, 'b');

TEST(ImageName, IsReadAndWritten) {
  const auto tagged = parse_image_name("oci://ghcr.io/ggml-org/llama.cpp:server");
  ASSERT_TRUE(tagged) << tagged.error().describe();
  EXPECT_EQ(tagged->host, "ghcr.io");
  EXPECT_EQ(tagged->repo, "ggml-org/llama.cpp");
  EXPECT_EQ(tagged->reference, "server");
  EXPECT_EQ(to_string(*tagged), "ghcr.io/ggml-org/llama.cpp:server");
  EXPECT_EQ(parse_image_name("127.0.0.1:5000/x")->reference, "latest");
  const auto exact = parse_image_name("r.example/x@" + kA);
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->reference, kA);
  EXPECT_EQ(to_string(*exact), "r.example/x@" + kA);
  for (const char* bad : {"", "x", "r.example/", "r.example/X:1", "r.example/../x",
                          "r.example/x:", "r.example/x@sha256:1", "r example/x", "r.example/x:a b", "r.example//x"})
    EXPECT_FALSE(parse_image_name(bad)) << bad;
}

std::string entry(const std::string& digest, const std::string& os, const std::string& architecture,
                  const std::string& variant = {}) {
  return R"({"digest":")" + digest + R"(","size":1,"platform":{"os":")" + os + R"(","architecture":")" + architecture +
         R"(","variant":")" + variant + R"("}})";
}

TEST(ImageManifest, PlatformIsChosen) {
  const auto index = parse_image_manifest(R"({"manifests":[)" + entry(kB, "unknown", "unknown") + "," +
                                          entry(kB, "linux", "amd64", "v3") + "," + entry(kA, "linux", "amd64") + "," +
                                          entry(kB, "linux", "arm64", "v8") + "]}");
  ASSERT_TRUE(index) << index.error().describe();
  EXPECT_EQ(choose_platform(*index, "amd64").value_or(""), kA);
  EXPECT_EQ(choose_platform(*index, "arm64").value_or(""), kB);
  const auto none = choose_platform(*index, "riscv64");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message(), HasSubstr("linux/amd64, linux/amd64/v3, linux/arm64/v8"));
}

TEST(ImageManifest, LayersAndConfiguration) {
  const auto manifest = parse_image_manifest(
      R"({"config":{"digest":")" + kB + R"(","size":2},"layers":[{"digest":")" + kA +
      R"(","size":7,"mediaType":"x","annotations":{"org.opencontainers.image.title":"folder/a.gguf"}}]})");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->config, std::string(64, 'b'));
  ASSERT_EQ(manifest->layers.size(), 1U);
  EXPECT_EQ(manifest->layers[0].sha256, std::string(64, 'a'));
  EXPECT_EQ(manifest->layers[0].title, "a.gguf");
  EXPECT_TRUE(parse_image_manifest("{}").error().is(Errc::protocol_error));
  EXPECT_TRUE(parse_image_manifest(R"({"layers":[{"digest":"md5:1","size":1}]})").error().is(Errc::unsupported));
  EXPECT_EQ(parse_image_config(R"({"os":"linux","architecture":"arm64"})")->architecture, "arm64");
  EXPECT_FALSE(parse_image_config("{}"));
}

}  // namespace
}  // namespace hearth::egress
