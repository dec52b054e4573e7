#include <hearth/models/model_manifest.h>
#include <hearth/models/source.h>

#include <gtest/gtest.h>

namespace hearth::models {
namespace {

TEST(Source, HuggingFace) {
  const auto plain = parse_source("hf:Qwen/Qwen3-0.6B-GGUF");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->kind, SourceKind::hugging_face);
  EXPECT_EQ(plain->repo, "Qwen/Qwen3-0.6B-GGUF");
  EXPECT_EQ(default_name(*plain), "qwen3-0.6b-gguf");
  const auto all = parse_source("hf:a/b@main:Q4_K_M");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->revision, "main");
  EXPECT_EQ(all->variant, "Q4_K_M");
  EXPECT_EQ(all->text, "hf:a/b@main:Q4_K_M");
  EXPECT_EQ(default_name(*all), "b-q4_k_m");
  EXPECT_EQ(parse_source("ms:a/b:onnx/model.onnx")->variant, "onnx/model.onnx");
}

TEST(Source, Oci) {
  const auto tagged = parse_source("oci://127.0.0.1:5000/ai/smollm2:360M");
  ASSERT_TRUE(tagged);
  EXPECT_EQ(tagged->host, "127.0.0.1:5000");
  EXPECT_EQ(tagged->repo, "ai/smollm2");
  EXPECT_EQ(tagged->revision, "360M");
  EXPECT_EQ(default_name(*tagged), "smollm2-360m");
  EXPECT_EQ(parse_source("oci://r.example/x")->revision, "latest");
  const std::string digest(64, 'a');
  EXPECT_EQ(parse_source("oci://r.example/x@sha256:" + digest)->revision, "sha256:" + digest);
}

TEST(Source, UrlWithDigest) {
  const std::string digest(64, '0');
  const auto url = parse_source("https://example.org/models/tiny.gguf?x=1#sha256=" + digest);
  ASSERT_TRUE(url);
  EXPECT_EQ(url->url, "https://example.org/models/tiny.gguf?x=1");
  EXPECT_EQ(url->sha256, std::vector{digest});
  const auto parts = parse_source("https://example.org/a-00001-of-00002.gguf#sha256=" + digest + "," + digest);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->sha256.size(), 2U);
  EXPECT_FALSE(parse_source("https://example.org/a.gguf#sha256=" + digest + ","));
  EXPECT_EQ(default_name(*url), "tiny");
}

TEST(Source, FilesAndNames) {
  EXPECT_EQ(parse_source("./a.gguf")->path, "./a.gguf");
  EXPECT_EQ(parse_source("file:///srv/a.gguf")->path, "/srv/a.gguf");
  EXPECT_EQ(parse_source("qwen3-0.6b")->kind, SourceKind::catalogue);
}

TEST(Source, NonsenseIsRefusedWithAnExample) {
  for (const char* bad : {"",
                          "hf:",
                          "hf:a",
                          "hf:a/b/c",
                          "hf:a/../b",
                          "hf:a/b:../x",
                          "hf:a/b@",
                          "oci://",
                          "oci://host",
                          "oci://h/UPPER:1",
                          "oci://h/a/../b",
                          "https://",
                          "https://host",
                          "https://host/",
                          "https://u:p@host/f",
                          "https://h/f#md5=1",
                          "file:",
                          "Bad Name",
                          "blobs",
                          "a\nb",
                          "ftp://x/y",
                          "oci://h/a@sha256:xyz"}) {
    const auto source = parse_source(bad);
    EXPECT_FALSE(source) << bad;
    if (!source) EXPECT_GT(source.error().message().size(), 20U) << bad;
  }
}

TEST(Names, AreFoldersAndNothingElse) {
  for (const char* good : {"a", "qwen3-0.6b", "x_1"}) EXPECT_TRUE(is_model_name(good)) << good;
  for (const char* bad : {"", ".x", "-x", "..", "a/b", "A", "blobs", "partial", "pins", "staging", "é"})
    EXPECT_FALSE(is_model_name(bad)) << bad;
  EXPECT_FALSE(is_file_name("a/b"));
  EXPECT_FALSE(is_file_name(".."));
  EXPECT_TRUE(is_file_name("Qwen3 0.6B.gguf"));
}

}  // namespace
}  // namespace hearth::models
