#include <hearth/engines/instance.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace hearth::engines {
namespace {

constexpr std::string_view kTemplate = R"(name: llama
title: llama.cpp
program: llama-server
args: ["--host", "{socket}", "--model", "{model}", "--alias", "{alias}"]
formats: [gguf]
serves:
  - task: chat
    args: ["--ctx-size", "{context}", "--parallel", "{slots}"]
    concurrency: 4
    ahead: 2
    canary: {path: /v1/completions, body: '{"prompt":"a"}', expect: usage}
  - {task: embedding, args: [--embeddings]}
with:
  - {file: mmproj, args: ["--mmproj", "{mmproj}"]}
memory: 64 MiB
)";

Manifest llama() {
  auto manifest = parse_manifest(kTemplate, "engine.yaml", "/opt/engines/llama");
  if (!manifest) throw std::runtime_error(manifest.error().describe());
  return *manifest;
}

ModelFiles tiny() {
  ModelFiles model;
  model.id = "tiny";
  model.format = "gguf";
  model.folder = "/models/tiny";
  model.files = {{"model", "/models/tiny/tiny.gguf"}};
  model.context = 2048;
  return model;
}

TEST(Instance, AModelFitsByFormatAndTask) {
  const Manifest engine = llama();
  EXPECT_TRUE(engine.is_template());
  EXPECT_TRUE(fits(engine, tiny()));
  ModelFiles other = tiny();
  other.format = "onnx";
  EXPECT_FALSE(fits(engine, other));
  other = tiny();
  other.task = Task::speech;
  EXPECT_FALSE(fits(engine, other));
  other = tiny();
  other.files.clear();
  EXPECT_FALSE(fits(engine, other));
}

TEST(Instance, TheOnnxEngineTakesModelsOfSeveralFiles) {
  auto engine = load_manifest(ONNX_ENGINE);
  ASSERT_TRUE(engine) << engine.error().describe();
  ModelFiles reader = tiny();
  reader.format = "onnx";
  reader.task = Task::ocr;
  EXPECT_FALSE(fits(*engine, reader)) << "nothing finds its lines";
  reader.files["detector"] = "/models/tiny/det.onnx";
  reader.files["dictionary"] = "/models/tiny/dict.txt";
  ASSERT_TRUE(fits(*engine, reader));
  EXPECT_FALSE(takes_phonemes(*engine, Task::ocr));
  EXPECT_EQ(
      instantiate(*engine, reader).args,
      (std::vector<std::string>{"--task", "ocr", "--name", "tiny", "--model", "/models/tiny/det.onnx", "--recogniser",
                                "/models/tiny/tiny.gguf", "--dictionary", "/models/tiny/dict.txt"}));
  ModelFiles voice = tiny();
  voice.format = "onnx";
  voice.task = Task::speech;
  voice.files["voices"] = "/models/tiny/af.bin";
  ASSERT_TRUE(fits(*engine, voice));
  EXPECT_TRUE(takes_phonemes(*engine, Task::speech));
  EXPECT_EQ(instantiate(*engine, voice).args,
            (std::vector<std::string>{"--task", "speech", "--name", "tiny", "--model", "/models/tiny/tiny.gguf",
                                      "--voices", "{data}"}));
}

TEST(Instance, GetsItsModelsPathsAndItsTasksArguments) {
  const Manifest chat = instantiate(llama(), tiny());
  EXPECT_FALSE(chat.is_template());
  EXPECT_EQ(chat.name, "llama-tiny");
  EXPECT_EQ(chat.data, "/models/tiny");
  EXPECT_EQ(chat.concurrency, 4U);
  EXPECT_EQ(chat.ahead, 2U);
  ASSERT_TRUE(chat.canary.has_value());
  EXPECT_EQ(chat.canary->path, "/v1/completions");
  ASSERT_EQ(chat.models.size(), 1U);
  EXPECT_EQ(chat.models[0].id, "tiny");
  EXPECT_EQ(chat.args, (std::vector<std::string>{"--host", "{socket}", "--model", "/models/tiny/tiny.gguf", "--alias",
                                                 "tiny", "--ctx-size", "2048", "--parallel", "{slots}"}));
  ModelFiles model = tiny();
  model.task = Task::embedding;
  model.files["mmproj"] = "/models/tiny/eyes.gguf";
  const Manifest embedding = instantiate(llama(), model);
  EXPECT_FALSE(embedding.canary.has_value());
  const std::vector<std::string> last(embedding.args.end() - 3, embedding.args.end());
  EXPECT_EQ(last, (std::vector<std::string>{"--embeddings", "--mmproj", "/models/tiny/eyes.gguf"}));
}

TEST(Instance, TheModelsOwnWordForItsTaskIsPassedOn) {
  const auto read =
      parse_manifest("name: o\nprogram: p\nargs: [--task, '{task}']\nformats: [onnx]\nserves: [{task: detection}]\n",
                     "engine.yaml", "/opt/o");
  ASSERT_TRUE(read.has_value()) << read.error().describe();
  ModelFiles model = tiny();
  model.format = "onnx";
  model.task = Task::detection;
  EXPECT_EQ(instantiate(*read, model).args, (std::vector<std::string>{"--task", "detection"}));
  model.kind = "face";
  EXPECT_EQ(instantiate(*read, model).args, (std::vector<std::string>{"--task", "face"}));
}

TEST(Instance, DoesWhatElseAModelOfItsTaskCan) {
  const auto read =
      parse_manifest("name: w\nprogram: p\nformats: [whisper]\nserves: [{task: transcription, also: [translation]}]\n",
                     "engine.yaml", "/opt/w");
  ASSERT_TRUE(read.has_value()) << read.error().describe();
  ModelFiles model = tiny();
  model.format = "whisper";
  model.task = Task::transcription;
  const Manifest both = instantiate(*read, model);
  ASSERT_EQ(both.models.size(), 2U);
  EXPECT_EQ(both.models[1].task, Task::translation);
  model.languages = {"en"};
  EXPECT_EQ(instantiate(*read, model).models.size(), 1U);
}

TEST(Instance, MayUseWhatItsModelNeeds) {
  ModelFiles model = tiny();
  EXPECT_GE(instantiate(llama(), model).memory, 64ULL << 20);
  model.memory = 4ULL << 30;
  EXPECT_GT(instantiate(llama(), model).memory, 4ULL << 30);
  EXPECT_EQ(instantiate(llama(), model).reserve, 4ULL << 30);
}

RC_GTEST_PROP(Instance, NamesAreShortPlainAndTellModelsApart, (std::string a, std::string b)) {
  const std::string name = instance_name("llama", a);
  RC_ASSERT(name.size() <= 48U);
  RC_ASSERT(
      std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }));
  RC_ASSERT((name == instance_name("llama", b)) == (a == b));
}

TEST(Instance, NamesThatLookAlikeDiffer) {
  EXPECT_EQ(instance_name("llama", "qwen3-0-6b"), "llama-qwen3-0-6b");
  EXPECT_NE(instance_name("llama", "qwen3-0.6b"), instance_name("llama", "qwen3-0-6b"));
  EXPECT_NE(instance_name("llama", "Qwen3"), instance_name("llama", "qwen3"));
}

TEST(Template, ErrorsNameTheKey) {
  const auto error_of = [](std::string_view line) {
    const auto read = parse_manifest("name: x\nprogram: p\n" + std::string(line) + "\n", "engine.yaml", "/opt/x");
    return read ? "(no error)" : read.error().describe();
  };
  EXPECT_NE(error_of("formats: [gguf]").find("serves"), std::string::npos);
  EXPECT_NE(error_of("formats: []\nserves: [{task: chat}]").find("formats"), std::string::npos);
  EXPECT_NE(error_of("formats: [a]\nserves: [{task: chat}, {task: chat}]").find("twice"), std::string::npos);
  EXPECT_NE(error_of("formats: [a]\nserves: [{task: nap}]").find("must be one of"), std::string::npos);
  EXPECT_NE(error_of("formats: [a]\nserves: [{task: chat, arg: []}]").find("args"), std::string::npos);
  EXPECT_NE(error_of("formats: [a]\nserves: [{task: chat}]\nmodels: [{id: m, task: ocr}]").find("models"),
            std::string::npos);
  EXPECT_EQ(error_of("formats: [a]\nserves: [{task: chat}]"), "(no error)");
}

}  // namespace
}  // namespace hearth::engines
