#include <hearth/engines/manifest.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGood = R"(name: embed
title: Embeddings
program: hearth-embed
args: ["--table", "{data}/table.bin"]
data: model
binds: [/usr/share/fonts, /usr/share/tessdata/]
models:
  - id: hearth-embed-en
    task: embedding
    languages: [en]
    description: A static table
  - {id: second, task: ocr}
concurrency: cores
queue: 256
memory: 128 MiB
start_deadline: 5s
request_deadline: 30s
idle_stop: 10 min
canary:
  path: /v1/embeddings
  body: '{"input":"hello"}'
  expect: '"embedding"'
)";

Result<Manifest> parse(std::string_view yaml) {
  return parse_manifest(yaml, "engine.yaml", "/opt/engines/embed");
}

std::string error_of(std::string_view yaml) {
  const auto manifest = parse(yaml);
  return manifest ? "(no error)" : manifest.error().describe();
}

std::string with(std::string_view line) {
  return "name: x\nprogram: p\nmodels: [{id: m, task: media}]\n" + std::string(line) + "\n";
}

TEST(Manifest, ReadsEveryKey) {
  const auto manifest = parse(kGood);
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->name, "embed");
  EXPECT_EQ(manifest->title, "Embeddings");
  EXPECT_EQ(manifest->program, "/opt/engines/embed/hearth-embed");
  EXPECT_EQ(manifest->data, "/opt/engines/embed/model");
  EXPECT_EQ(manifest->binds, (std::vector<fs::path>{"/usr/share/fonts", "/usr/share/tessdata"}));
  ASSERT_EQ(manifest->models.size(), 2U);
  EXPECT_EQ(manifest->models[0].task, Task::embedding);
  EXPECT_EQ(manifest->models[0].languages, std::vector<std::string>{"en"});
  EXPECT_EQ(manifest->concurrency, std::nullopt);
  EXPECT_EQ(manifest->queue, 256U);
  EXPECT_EQ(manifest->memory, 128ULL << 20);
  EXPECT_EQ(manifest->start_deadline, Millis(5'000));
  EXPECT_EQ(manifest->idle_stop, Millis(600'000));
  ASSERT_TRUE(manifest->canary);
  EXPECT_EQ(manifest->canary->method, "POST");
  EXPECT_EQ(manifest->canary->content_type, "application/json");
  EXPECT_EQ(manifest->canary->expect, "\"embedding\"");
}

TEST(Manifest, FillsInWhatIsNotGiven) {
  const auto manifest = parse("name: x\nprogram: p\nmodels: [{id: m, task: media}]\n");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->title, "x");
  EXPECT_EQ(manifest->data, "/opt/engines/embed");
  EXPECT_EQ(manifest->concurrency, 1U);
  EXPECT_FALSE(manifest->canary);
}

TEST(Manifest, UnknownKeysNameLineAndNearest) {
  EXPECT_EQ(error_of(with("concurency: 2")),
            "engine.yaml:4: unknown key \"concurency\"; did you mean \"concurrency\"?");
  EXPECT_EQ(error_of(with("canary: {path: /x, expects: y}")),
            "engine.yaml:4: canary: unknown key \"expects\"; did you mean \"expect\"?");
  EXPECT_EQ(error_of("name: x\nprogram: p\nmodels:\n  - id: m\n    tsk: media\n"),
            "engine.yaml:5: models[0]: unknown key \"tsk\"; did you mean \"task\"?");
  EXPECT_EQ(error_of(with("zzzzzzzz: 2")), "engine.yaml:4: unknown key \"zzzzzzzz\"");
}

struct Wrong {
  const char* line;
  const char* says;
};

TEST(Manifest, RefusesWrongValuesInWords) {
  for (const Wrong& wrong :
       {Wrong{"name: y", "given twice"}, Wrong{"memory: lots", "memory"}, Wrong{"memory: 1 MiB", "at least 16 MiB"},
        Wrong{"concurrency: 0", "from 1 to 1024"}, Wrong{"concurrency: -1", "from 1 to 1024"},
        Wrong{"queue: [1]", "must be text"}, Wrong{"start_deadline: 0", "start_deadline"},
        Wrong{"idle_stop: 100d", "idle_stop"}, Wrong{"binds: [relative]", "absolute"}, Wrong{"binds: [/]", "absolute"},
        Wrong{"data: /", "folder of its own"}, Wrong{"canary: {expect: x}", "canary.path: is missing"},
        Wrong{"canary: {path: x}", "must begin with /"}, Wrong{"canary: {path: \"/a b\"}", "no blanks"},
        Wrong{"canary: {path: /x, body: a, body_file: b}", "either"},
        Wrong{"canary: {path: /x, body_file: ../b}", "in the engine's folder"},
        Wrong{"canary: {path: /x, method: DELETE}", "GET or POST"}, Wrong{"title: \"a\\0b\"", "NUL"},
        Wrong{"args: text", "must be a list"}}) {
    const std::string error = error_of(with(wrong.line));
    EXPECT_NE(error.find(wrong.says), std::string::npos) << wrong.line << " → " << error;
    EXPECT_TRUE(error.starts_with("engine.yaml:")) << error;
  }
}

TEST(Manifest, RefusesProgramsOutsideItsFolder) {
  for (const char* program : {"/bin/sh", "../other/program", "a/../../b"}) {
    const std::string yaml = std::string("name: x\nmodels: [{id: m, task: media}]\nprogram: ") + program + "\n";
    EXPECT_NE(error_of(yaml).find("in the engine's folder"), std::string::npos) << program;
  }
}

TEST(Manifest, RefusesWhatIsNotAManifest) {
  EXPECT_NE(error_of(""), "(no error)");
  EXPECT_NE(error_of("- a\n- b\n"), "(no error)");
  EXPECT_NE(error_of("name: [unclosed"), "(no error)");
  EXPECT_NE(error_of("name: Bad Name\nprogram: p\nmodels: [{id: m, task: media}]\n"), "(no error)");
  EXPECT_NE(error_of("name: x\nprogram: p\nmodels: []\n"), "(no error)");
  EXPECT_NE(error_of("name: x\nprogram: p\nmodels: [{id: m, task: cooking}]\n").find("must be one of"),
            std::string::npos);
}

TEST(Manifest, BoundsDepthAndSize) {
  EXPECT_NE(error_of(std::string(10'000, '[')), "(no error)");
  EXPECT_NE(error_of(std::string(10'000, '-') + " a"), "(no error)");
  EXPECT_NE(error_of("name: &a [*a]\n"), "(no error)");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) laughs += (k == 0 ? "" : ", ") + last;
    laughs += "]\n";
  }
  EXPECT_NE(error_of(laughs), "(no error)");
  const auto large = parse(std::string(100'000, ' '));
  EXPECT_TRUE(!large && large.error().is(Errc::too_large));
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "hearth-manifest-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const fs::path& path, std::string_view text) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  fs::path folder_;
};

TEST_F(Folder, CanaryBodyComesFromAFile) {
  write("x/engine.yaml", with("canary: {path: /v1/audio, body_file: hello.pcm, content_type: audio/pcm}"));
  write("x/hello.pcm", "sound");
  const auto manifest = load_manifest(folder_ / "x");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_EQ(manifest->canary->body, "sound");
  EXPECT_EQ(manifest->canary->content_type, "audio/pcm");
}

TEST_F(Folder, OneBadManifestDoesNotHideTheOthers) {
  write("b/engine.yaml", "name: bee\nprogram: p\nmodels: [{id: m, task: media}]\n");
  write("a/engine.yaml", "name: [\n");
  write("c/engine.yaml", "name: ant\nprogram: p\nmodels: [{id: m, task: media}]\n");
  write("d/engine.yaml", "name: ant\nprogram: p\nmodels: [{id: m, task: media}]\n");
  write("e/readme", "no engine here");
  const Discovery found = discover(folder_);
  ASSERT_EQ(found.manifests.size(), 2U);
  EXPECT_EQ(found.manifests[0].name, "ant");
  EXPECT_EQ(found.manifests[1].name, "bee");
  EXPECT_EQ(found.problems.size(), 2U);
  EXPECT_TRUE(discover(folder_ / "nothing").manifests.empty());
}

TEST(Manifest, NamesTheDevicesItComputesOn) {
  const std::string_view rest = "name: a\nprogram: p\nmodels: [{id: m, task: ocr}]\n";
  const auto parse = [&](std::string_view line) {
    return parse_manifest(std::string(rest) + std::string(line), "engine.yaml", "/nonexistent/engine");
  };
  const auto plain = parse("");
  ASSERT_TRUE(plain);
  ASSERT_EQ(plain->devices.size(), 1U);
  EXPECT_EQ(plain->devices[0].device, DeviceClass::cpu);
  const auto many = parse("devices: [cpu, gpu, npu/intel_vpu]");
  ASSERT_TRUE(many) << many.error().describe();
  ASSERT_EQ(many->devices.size(), 3U);
  EXPECT_EQ(many->devices[2].device, DeviceClass::npu);
  EXPECT_EQ(many->devices[2].driver, "intel_vpu");
  for (const char* wrong : {"devices: [tpu]", "devices: [gpu/]", "devices: ['gpu/a b']", "devices: {}"}) {
    const auto refused = parse(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().message().find("devices"), std::string::npos) << refused.error().message();
  }
}

}  // namespace
}  // namespace hearth::engines
