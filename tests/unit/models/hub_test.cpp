#include "src/hub.h"

#include "src/oci.h"

#include <gtest/gtest.h>

namespace hearth::models {
namespace {

const std::string kSha(64, 'a');
const std::string kOid(40, 'b');

std::vector<ListedFile> listing(std::initializer_list<const char*> paths) {
  std::vector<ListedFile> files;
  for (const char* path : paths) files.push_back({path, 10, kSha, ""});
  return files;
}

std::string chosen(const std::vector<ListedFile>& files, std::string_view variant) {
  const auto choice = choose_files(files, variant, "org/repo");
  if (!choice) return "error: " + choice.error().message();
  std::string text;
  for (const ChosenFile& file : *choice) text += (text.empty() ? "" : " ") + file.role + "=" + file.file.path;
  return text;
}

TEST(HuggingFace, InfoAndTreeAreRead) {
  const auto info = parse_hf_info(
      R"({"id":"org/repo","sha":")" + kOid +
      R"(","pipeline_tag":"text-generation","cardData":{"license":"apache-2.0","language":["en","zh"]}})");
  ASSERT_TRUE(info) << info.error().describe();
  EXPECT_EQ(info->revision, kOid);
  EXPECT_EQ(info->licence, "apache-2.0");
  EXPECT_EQ(info->languages.size(), 2U);
  EXPECT_EQ(task_of_pipeline(info->pipeline), "chat");
  const auto tree = parse_hf_tree(R"([{"type":"directory","oid":"x","size":0,"path":"onnx"},
    {"type":"file","oid":")" + kOid +
                                  R"(","size":570,"path":"config.json"},
    {"type":"file","oid":")" + kOid +
                                  R"(","size":639446688,"path":"m-Q8_0.gguf","lfs":{"oid":")" + kSha +
                                  R"(","size":639446688,"pointerSize":134},"xetHash":"y"}])");
  ASSERT_TRUE(tree) << tree.error().describe();
  ASSERT_EQ(tree->size(), 2U);
  EXPECT_EQ((*tree)[0].git_oid, kOid);
  EXPECT_EQ((*tree)[0].sha256, "");
  EXPECT_EQ((*tree)[1].sha256, kSha);
  EXPECT_EQ((*tree)[1].git_oid, "");  // of the pointer, not of the file
  EXPECT_EQ((*tree)[1].bytes, 639446688U);
}

TEST(HuggingFace, NonsenseIsRefused) {
  EXPECT_FALSE(parse_hf_info("{}"));
  EXPECT_FALSE(parse_hf_info("<html>"));
  EXPECT_FALSE(parse_hf_tree("{}"));
  EXPECT_FALSE(parse_hf_tree(R"([{"type":"file","size":1,"path":"../../etc/passwd"}])"));
  EXPECT_FALSE(parse_hf_tree(R"([{"type":"file","size":-1,"path":"a"}])"));
}

TEST(ModelScope, ListIsReadAndItsErrorsAreTold) {
  const auto files =
      parse_ms_files(R"({"Code":200,"Data":{"Files":[{"Name":"onnx","Path":"onnx","Type":"tree","Size":0},
    {"Name":"m.gguf","Path":"m.gguf","Type":"blob","Size":5,"Sha256":")" +
                     kSha + R"("}]},"Message":"success"})");
  ASSERT_TRUE(files) << files.error().describe();
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().sha256, kSha);
  const auto missing = parse_ms_files(R"({"Code":404,"Message":"record not found"})");
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().is(Errc::not_found));
}

TEST(Choice, OfAQuantisation) {
  const auto files = listing({"m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-f16.gguf", "mmproj-m-f16.gguf", "README.md"});
  EXPECT_EQ(chosen(files, ""), "model=m-Q4_K_M.gguf mmproj=mmproj-m-f16.gguf");
  EXPECT_EQ(chosen(files, "q8_0"), "model=m-Q8_0.gguf mmproj=mmproj-m-f16.gguf");
  EXPECT_EQ(chosen(files, "m-f16.gguf"), "model=m-f16.gguf mmproj=mmproj-m-f16.gguf");
  EXPECT_NE(chosen(files, "Q2_K").find("m-Q8_0.gguf"), std::string::npos);  // what there is
}

TEST(Choice, OfAModelInParts) {
  EXPECT_EQ(chosen(listing({"m-Q4_K_M-00002-of-00002.gguf", "m-Q4_K_M-00001-of-00002.gguf"}), "Q4_K_M"),
            "model=m-Q4_K_M-00001-of-00002.gguf part=m-Q4_K_M-00002-of-00002.gguf");
  EXPECT_TRUE(chosen(listing({"m-Q4_K_M-00001-of-00002.gguf"}), "Q4_K_M").starts_with("error"));
}

TEST(Choice, OfOnnxWithItsCompanions) {
  const auto files = listing({"onnx/model.onnx", "onnx/model_quantized.onnx", "onnx/model.onnx_data", "config.json",
                              "tokenizer.json", "vocab.txt", "other/config.json"});
  EXPECT_EQ(chosen(files, ""),
            "model=onnx/model_quantized.onnx config=config.json tokenizer=tokenizer.json tokens=vocab.txt");
  EXPECT_EQ(
      chosen(files, "onnx/model.onnx"),
      "model=onnx/model.onnx part=onnx/model.onnx_data config=config.json tokenizer=tokenizer.json tokens=vocab.txt");
}

TEST(Choice, OfWhisperModels) {
  const auto files = listing({"ggml-tiny.bin", "ggml-base-q5_1.bin"});
  EXPECT_EQ(chosen(files, "tiny"), "model=ggml-tiny.bin");
  EXPECT_EQ(chosen(files, "base-q5_1"), "model=ggml-base-q5_1.bin");
  EXPECT_TRUE(chosen(files, "").starts_with("error: org/repo has several"));
  EXPECT_TRUE(chosen(listing({"pytorch_model.bin"}), "").starts_with("error"));
}

TEST(Licence, NonCommercialOnesAreKnown) {
  EXPECT_TRUE(is_non_commercial("cc-by-nc-4.0"));
  EXPECT_FALSE(is_non_commercial("apache-2.0"));
}

TEST(Oci, DockersModelsAndPlainLayers) {
  const auto layer = [](const char* type, const char* title) {
    return R"({"mediaType":")" + std::string(type) + R"(","digest":"sha256:)" + kSha + R"(","size":7)" +
           (*title == '\0' ? ""
                           : R"(,"annotations":{"org.opencontainers.image.title":")" + std::string(title) + "\"}") +
           "}";
  };
  const auto manifest =
      egress::parse_image_manifest(R"({"schemaVersion":2,"layers":[)" + layer("application/vnd.docker.ai.license", "") +
                                   "," + layer("application/vnd.docker.ai.gguf.v3", "") + "," +
                                   layer("application/octet-stream", "folder/tokens.txt") + "]}");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  const auto files = choose_layers(*manifest);
  ASSERT_TRUE(files) << files.error().describe();
  ASSERT_EQ(files->size(), 3U);
  EXPECT_EQ((*files)[0].role, "model");
  EXPECT_EQ((*files)[0].name, "model.gguf");
  EXPECT_EQ((*files)[2].name, "tokens.txt");
  const auto image =
      egress::parse_image_manifest(R"({"layers":[)" + layer("application/vnd.oci.image.layer.v1.tar+gzip", "") + "]}");
  ASSERT_TRUE(image);
  EXPECT_FALSE(choose_layers(*image));
  EXPECT_FALSE(egress::parse_image_manifest(R"({"layers":[{"digest":"md5:1","size":1}]})"));
  EXPECT_FALSE(egress::parse_image_manifest("[]"));
}

}  // namespace
}  // namespace hearth::models
