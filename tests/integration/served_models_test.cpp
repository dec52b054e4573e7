// Models in several files, from `hearth pull` to an answer: the real hearthd, its engines, Debian's packs. The models
// are tiny ones that the test makes.
#include "models/servers.h"

#include <hearth/core/clock.h>
#include <hearth/core/file.h>

#include <boost/json.hpp>
#include <curl/curl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <tiny_models/tiny_models.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

extern "C" std::size_t hearth_test_keep(char* data, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, size * count);
  return size * count;
}

struct Ran {
  int exit = -1;
  std::string out;
};

// One hearthd for all tests of this file: packs and engines are its own, models come and stay.
class Box {
 public:
  Box() {
    std::string name = testing::TempDir() + "hearth_served.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    fs::create_directories(folder_ / "data");
    fs::create_directory_symlink(HEARTH_PACKS, folder_ / "data/packs");
    std::ofstream(folder_ / "data/hearth.yaml") << "models: {keep_free: 0}\n";
    daemon_ = ServerProcess::start({HEARTHD_PROGRAM, "--data", (folder_ / "data").string(), "--listen", "127.0.0.1:0"},
                                   folder_ / "hearthd.log");
    const Deadline deadline = Deadline::in(Seconds(120));
    while (!deadline.passed() && tool("status").exit != 0) {
    }
    url_ = json::parse(tool("status --json").out).at("url").as_string();
  }
  ~Box() {
    daemon_.stop();
    std::error_code ec;
    fs::remove_all(folder_, ec);
  }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] std::string log() const { return read_file(folder_ / "hearthd.log", 1U << 24U).value_or(""); }
  // Standard output and standard error together.
  [[nodiscard]] Ran tool(const std::string& arguments) const {
    const std::string command =
        fmt::format("{} --data {} {} 2>&1 </dev/null", HEARTH_PROGRAM, (folder_ / "data").string(), arguments);
    FILE* pipe = popen(command.c_str(), "r");
    Ran ran;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) ran.out.append(buffer.data(), n);
    const int status = pclose(pipe);
    ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }
  // A folder of files as a model.
  [[nodiscard]] Ran pull(const std::string& name, const std::vector<std::pair<std::string, std::string>>& files,
                         const std::string& more = {}) const {
    const fs::path folder = folder_ / name;
    fs::create_directories(folder);
    for (const auto& [file, bytes] : files) std::ofstream(folder / file, std::ios::binary) << bytes;
    return tool(fmt::format("pull {} {}", folder.string(), more));
  }
  // Asked until the new model is served: hearthd takes it in beside its other work.
  [[nodiscard]] std::string post(const std::string& path, const std::string& body) const {
    const Deadline deadline = Deadline::in(Seconds(240));
    std::string answer;
    do {
      answer.clear();
      const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> h(curl_easy_init(), curl_easy_cleanup);
      const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
          curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
      curl_easy_setopt(h.get(), CURLOPT_URL, (url_ + path).c_str());
      curl_easy_setopt(h.get(), CURLOPT_PROXY, "");
      curl_easy_setopt(h.get(), CURLOPT_POSTFIELDS, body.c_str());
      curl_easy_setopt(h.get(), CURLOPT_HTTPHEADER, headers.get());
      curl_easy_setopt(h.get(), CURLOPT_WRITEFUNCTION, hearth_test_keep);
      curl_easy_setopt(h.get(), CURLOPT_WRITEDATA, &answer);
      long status = 0;
      if (curl_easy_perform(h.get()) == CURLE_OK) curl_easy_getinfo(h.get(), CURLINFO_RESPONSE_CODE, &status);
      if (status == 200) return answer;
    } while (!deadline.passed());
    return answer;
  }

 private:
  fs::path folder_;
  ServerProcess daemon_;
  std::string url_;
};

class ServedModels : public testing::Test {
 protected:
  static void SetUpTestSuite() { box_ = std::make_unique<Box>(); }
  static void TearDownTestSuite() {
    if (HasFailure()) std::fputs(box_->log().c_str(), stderr);
    box_.reset();
  }
  static std::unique_ptr<Box> box_;
};
std::unique_ptr<Box> ServedModels::box_;

TEST_F(ServedModels, SplitLanguageModelAnswers) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& part : fixtures::tiny_llama({}).split(3))
    files.emplace_back(fmt::format("tiny-{:05}-of-00003.gguf", files.size() + 1), part);
  const Ran pulled = box_->pull("split", files);
  ASSERT_EQ(pulled.exit, 0) << pulled.out;
  EXPECT_EQ(pulled.out.find("hearth engines install"), std::string::npos) << pulled.out;
  const std::string answer = box_->post(
      "/v1/chat/completions", R"({"model":"split","temperature":0,"messages":[{"role":"user","content":"Hello"}]})");
  EXPECT_NE(answer.find(std::string(fixtures::kSentence)), std::string::npos) << answer;
}

TEST_F(ServedModels, EncoderWithItsWeightsBesideAnswers) {
  const auto files = fixtures::tiny_onnx_encoder_beside("table.weights");
  const Ran pulled = box_->pull(
      "encoder",
      {{"model.onnx", files.model}, {"table.weights", files.weights}, {"vocab.txt", fixtures::tiny_vocabulary()}});
  ASSERT_EQ(pulled.exit, 0) << pulled.out;
  const std::string answer = box_->post("/v1/embeddings", R"({"model":"encoder","input":"word10 word11"})");
  EXPECT_NE(answer.find("\"embedding\""), std::string::npos) << answer;
}

TEST_F(ServedModels, ReaderOfThreeModelsReads) {
  const Ran pulled = box_->pull("reader", {{"det.onnx", fixtures::tiny_onnx_line_finder()},
                                           {"cls.onnx", fixtures::tiny_onnx_line_direction()},
                                           {"rec.onnx", fixtures::tiny_onnx_recogniser("warm hearth")}});
  ASSERT_EQ(pulled.exit, 0) << pulled.out;
  EXPECT_NE(pulled.out.find(": ocr"), std::string::npos) << pulled.out;
  // White with two dark bars.
  std::string page = "P5\n400 300\n255\n" + std::string(400UL * 300, '\xFF');
  const std::size_t first = page.size() - 400UL * 300;
  for (const std::size_t top : {100UL, 150UL})
    for (std::size_t y = top; y < top + 20; ++y) page.replace(first + y * 400 + 50, 200, 200, '\0');
  std::ofstream(box_->folder() / "page.pgm", std::ios::binary) << page;
  const Deadline deadline = Deadline::in(Seconds(240));
  Ran read;
  do {
    read = box_->tool(fmt::format("read {} --model reader", (box_->folder() / "page.pgm").string()));
  } while (read.exit != 0 && !deadline.passed());
  EXPECT_NE(read.out.find("warm hearth\nwarm hearth"), std::string::npos) << read.out;
}

TEST_F(ServedModels, VoicesSpeakWhatEspeakMadePhonemesOf) {
  const Ran piper = box_->pull(
      "piper", {{"amy.onnx", fixtures::tiny_onnx_piper()}, {"amy.onnx.json", fixtures::tiny_piper_config()}});
  ASSERT_EQ(piper.exit, 0) << piper.out;
  EXPECT_NE(piper.out.find(": speech"), std::string::npos) << piper.out;
  const Ran kokoro = box_->pull("kokoro", {{"model.onnx", fixtures::tiny_onnx_kokoro()},
                                           {"tokenizer.json", fixtures::tiny_kokoro_tokenizer()},
                                           {"af_heart.bin", fixtures::tiny_kokoro_voice()},
                                           {"am_michael.bin", fixtures::tiny_kokoro_voice()}});
  ASSERT_EQ(kokoro.exit, 0) << kokoro.out;
  for (const char* model : {"piper", "kokoro"}) {
    const auto spoken = [&](const std::string& text) {
      return box_->post(
          "/v1/audio/speech",
          fmt::format(R"({{"model":"{}","voice":"alloy","input":"{}","response_format":"pcm"}})", model, text));
    };
    const std::string one = spoken("Hello.");
    const std::string more = spoken("Hello, hello, hello.");
    EXPECT_GT(one.size(), 2000U) << model << ": " << one.substr(0, 300);
    EXPECT_GT(more.size(), 2 * one.size()) << model;
  }
  // The name that clients have built in leads to the newest voice, and what cannot be said is the client's fault.
  const Ran said = box_->tool(fmt::format("say 'Good morning.' -o {}", (box_->folder() / "a.wav").string()));
  EXPECT_EQ(said.exit, 0) << said.out;
  const Ran none = box_->tool(fmt::format("say '...' --model piper -o {}", (box_->folder() / "b.wav").string()));
  EXPECT_NE(none.exit, 0);
  EXPECT_NE(none.out.find("nothing to say"), std::string::npos) << none.out;
}

}  // namespace
}  // namespace hearth::models
