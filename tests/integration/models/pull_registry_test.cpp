// Pulling from Debian's docker-registry, open and behind a token.
#include "pull_bench.h"

#include <fmt/format.h>

namespace hearth::models {
namespace {

class FromRegistry : public PullTest {
 protected:
  [[nodiscard]] std::string base() const { return registry_.base(); }
  [[nodiscard]] std::string host() const { return registry_.host(); }
  std::string push_blob(const std::string& repo, const std::string& bytes) const {
    return registry_.push_blob(repo, bytes);
  }
  std::string push_manifest(const std::string& repo, const std::string& reference, const std::string& body) const {
    return registry_.push_manifest(repo, reference, body);
  }
  static std::string layer(const char* type, const std::string& digest, std::size_t bytes,
                           const std::string& title = {}) {
    return descriptor(type, digest, bytes, title);
  }
  // A model as Docker packs one. The manifest's digest.
  std::string push_model(const std::string& repo, const std::string& tag, const std::string& bytes) const {
    const std::string config = R"({"config":{"format":"gguf"},"descriptor":{}})";
    const std::string config_digest = push_blob(repo, config);
    const std::string licence_digest = push_blob(repo, "You may.\n");
    const std::string model_digest = push_blob(repo, bytes);
    return push_manifest(
        repo, tag,
        fmt::format(
            R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{},{}]}})",
            layer("application/vnd.docker.ai.model.config.v0.1+json", config_digest, config.size()),
            layer("application/vnd.docker.ai.gguf.v3", model_digest, bytes.size()),
            layer("application/vnd.docker.ai.license", licence_digest, 9)));
  }

  DockerRegistry registry_;
  std::string model_ = tiny_model(512);
};

TEST_F(FromRegistry, ModelByTagAndByDigest) {
  const std::string digest = push_model("ai/tiny", "360M", model_);
  const auto done = pull("oci://" + host() + "/ai/tiny:360M");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(done->name, "tiny-360m");
  EXPECT_EQ(done->revision, digest);
  EXPECT_EQ(installed_bytes("tiny-360m", "model.gguf"), model_);
  EXPECT_EQ(installed_bytes("tiny-360m", "licence.txt"), "You may.\n");
  const auto exact = pull({.source = "oci://" + host() + "/ai/tiny@" + digest, .name = "exact", .task = {}});
  ASSERT_TRUE(exact) << exact.error().describe();
  EXPECT_EQ(installed_bytes("exact", "model.gguf"), model_);
}

TEST_F(FromRegistry, LayersOfASplitModelAreNamedAsItsParts) {
  const auto parts = fixtures::tiny_llama({}).split(2);
  std::string layers;
  for (const std::string& part : parts)
    layers += (layers.empty() ? "" : ",") +
              layer("application/vnd.docker.ai.gguf.v3", push_blob("ai/split", part), part.size());
  const std::string config = push_blob("ai/split", "{}");
  push_manifest(
      "ai/split", "latest",
      fmt::format(
          R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}})",
          layer("application/vnd.docker.ai.model.config.v0.1+json", config, 2), layers));
  const auto done = pull("oci://" + host() + "/ai/split");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(installed_bytes("split", "model-00001-of-00002.gguf"), parts[0]);
  EXPECT_EQ(installed_bytes("split", "model-00002-of-00002.gguf"), parts[1]);
}

TEST_F(FromRegistry, PlainLayersHaveNames) {
  const std::string model = push_blob("plain", model_);
  const std::string tokens = push_blob("plain", "a b c\n");
  const std::string config = push_blob("plain", "{}");
  push_manifest(
      "plain", "latest",
      fmt::format(
          R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{},{}]}})",
          layer("application/vnd.oci.empty.v1+json", config, 2),
          layer("application/octet-stream", tokens, 6, "tokens.txt"),
          layer("application/octet-stream", model, model_.size(), "weights.gguf")));
  const auto done = pull("oci://" + host() + "/plain");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(installed_bytes("plain", "weights.gguf"), model_);
  EXPECT_EQ(installed_bytes("plain", "tokens.txt"), "a b c\n");
}

TEST_F(FromRegistry, MovedTagIsAChangeThatIsTold) {
  push_model("ai/tiny", "latest", model_);
  ASSERT_TRUE(pull("oci://" + host() + "/ai/tiny"));
  ASSERT_TRUE(store_->remove("tiny"));
  push_model("ai/tiny", "latest", tiny_model(512, 7));
  const std::string why = failure({.source = "oci://" + host() + "/ai/tiny", .name = {}, .task = {}});
  EXPECT_NE(why.find("is not what it was when it was first pulled"), std::string::npos) << why;
}

TEST_F(FromRegistry, WhatIsNotThereOrNoModelIsTold) {
  EXPECT_NE(failure({.source = "oci://" + host() + "/none:1", .name = {}, .task = {}}).find("404"), std::string::npos);
  const std::string config = push_blob("image", "{}");
  const std::string tar = push_blob("image", "tar");
  push_manifest(
      "image", "1",
      fmt::format(
          R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}})",
          layer("application/vnd.oci.image.config.v1+json", config, 2),
          layer("application/vnd.oci.image.layer.v1.tar+gzip", tar, 3)));
  EXPECT_NE(failure({.source = "oci://" + host() + "/image:1", .name = {}, .task = {}}).find("no model"),
            std::string::npos);
}

// nginx asks for a token as a public registry does.
TEST_F(FromRegistry, TokenIsFetched) {
  push_model("ai/tiny", "latest", model_);
  Nginx door(fmt::format(R"(
      location = /token {{ default_type application/json; return 200 '{{"token":"sesame-$arg_service-$arg_scope","expires_in":60}}'; }}
      location /v2/ {{
        if ($http_authorization != "Bearer sesame-reg-repository%3Aai%2Ftiny%3Apull") {{
          add_header WWW-Authenticate 'Bearer realm="http://127.0.0.1:{{PORT}}/token",service="reg",scope="repository:ai/tiny:pull"' always;
          return 401;
        }}
        proxy_pass {};
      }})",
                         base()));
  const auto done = pull(fmt::format("oci://127.0.0.1:{}/ai/tiny", door.port()));
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(installed_bytes("tiny", "model.gguf"), model_);
  std::size_t refused = 0;
  for (const auto& s : door.served()) refused += s.status == 401 ? 1 : 0;
  EXPECT_EQ(refused, 1U);
}

// A token that ran out in the midst of the blobs.
TEST_F(FromRegistry, TokenIsRenewed) {
  const std::string manifest =
      fmt::format(R"({{"schemaVersion":2,"layers":[{}]}})",
                  layer("application/vnd.docker.ai.gguf.v3", "sha256:" + sha256_hex(model_), model_.size()));
  const auto answer = [](int status, const std::string& headers, const std::string& body) {
    return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status, body.size(),
                       headers, body);
  };
  int tokens = 0;
  std::string realm;
  const LyingServer registry([&](const std::string& request, int) {
    const auto has = [&](std::string_view text) { return request.find(text) != std::string::npos; };
    const std::string refusal =
        answer(401, fmt::format("WWW-Authenticate: Bearer realm=\"{}\",service=\"r\"\r\n", realm), "");
    if (has("GET /token")) return answer(200, "", fmt::format(R"({{"token":"number-{}"}})", ++tokens));
    if (has("/manifests/")) return has("Bearer number-1") ? answer(200, "", manifest) : refusal;
    return has("Bearer number-2") ? answer(200, "", model_) : refusal;
  });
  realm = registry.url("/token");
  const std::string host = registry.url("").substr(7);
  const auto done = pull("oci://" + host + "/ai/tiny");
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(tokens, 2);
  EXPECT_EQ(installed_bytes("tiny", "model.gguf"), model_);
}

}  // namespace
}  // namespace hearth::models
