// The tour against a real box: every station holds on real input, and a degraded input turns its line red.
#include "json.h"

#include <hearth/core/clock.h>
#include <hearth/core/file.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

namespace hearth::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClips = "/usr/share/pocketsphinx/test/data/librivox";

struct Ran {
  int status = -1;
  std::string out;
};

// A second hearthd of its own folder and port, for all tests of this file.
class Box {
 public:
  Box() {
    std::string name = (fs::temp_directory_path() / "hearth-tour-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    child_ = ::fork();
    if (child_ != 0) return;
    const std::string data = (folder_ / "data").string();
    ::execl(HEARTHD_PROGRAM, "hearthd", "--data", data.c_str(), "--listen", "127.0.0.1:0", "--log-level", "warn",
            nullptr);
    ::_exit(127);
  }
  ~Box() {
    ::kill(child_, SIGTERM);
    int status = 0;
    ::waitpid(child_, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "hearthd did not stop as it should";
    fs::remove_all(folder_);
  }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;

  [[nodiscard]] const fs::path& folder() const { return folder_; }

  Ran hearth(const std::string& arguments) const {
    const std::string command = fmt::format("{0} {1} --data {2}/data >{2}/out 2>{2}/err </dev/null", HEARTH_PROGRAM,
                                            arguments, folder_.string());
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder_ / "out", 1U << 24U).value_or("")};
  }

  [[nodiscard]] bool wait_until_ready() const {
    const Deadline deadline = Deadline::in(Seconds(60));
    while (!deadline.passed()) {
      if (hearth("status").status == 0) return true;
    }
    return false;
  }

 private:
  fs::path folder_;
  pid_t child_ = -1;
};

class TourTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    box_ = new Box;  // NOLINT: gtest's way of sharing
    ASSERT_TRUE(box_->wait_until_ready());
  }
  static void TearDownTestSuite() {
    delete box_;  // NOLINT
    box_ = nullptr;
  }
  void SetUp() override {
    input_ = box_->folder() / "input";
    fs::remove_all(input_);
    fs::create_directories(input_);
  }

  // The station's line with the degraded input: it was measured, and failed.
  json::value visit_degraded(const std::string& station) {
    const Ran ran = box_->hearth(fmt::format("tour --json --only {} --input-dir {}", station, input_.string()));
    EXPECT_EQ(ran.status, 1) << ran.out;
    const auto answer = json::parse(ran.out);
    EXPECT_TRUE(answer) << ran.out;
    if (!answer || json::list(*answer, "stations").size() != 1) return {};
    json::value line = json::list(*answer, "stations").front();
    EXPECT_FALSE(json::flag(*answer, "ok")) << ran.out;
    EXPECT_FALSE(json::flag(line, "ok")) << ran.out;
    EXPECT_TRUE(json::text(line, "problem").empty()) << "it is the quality that must fail: " << ran.out;
    EXPECT_TRUE(json::field(line, "quality").is_object()) << ran.out;
    return line;
  }

  void write(const std::string& name, std::string_view content) {
    fs::create_directories((input_ / name).parent_path());
    std::ofstream(input_ / name, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  }

  static Box* box_;
  fs::path input_;
};
Box* TourTest::box_ = nullptr;

// White noise over the sound of a WAV file of 16-bit samples, as loud as speech can be.
std::string with_noise(std::string wav) {
  std::mt19937 random(7);  // NOLINT: the same noise every time
  std::normal_distribution<double> noise(0, 12000);
  for (std::size_t at = 44; at + 1 < wav.size(); at += 2) {
    std::int16_t sample = 0;
    std::memcpy(&sample, &wav[at], 2);
    sample = static_cast<std::int16_t>(std::clamp(sample * 0.25 + noise(random), -32768.0, 32767.0));
    std::memcpy(&wav[at], &sample, 2);
  }
  return wav;
}

void append(std::string& out, std::uint32_t value, int bytes = 4) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8U * static_cast<unsigned>(i)) & 0xFFU);
}
std::string chunk(const std::string& id, const std::string& content) {
  std::string out = id;
  append(out, static_cast<std::uint32_t>(content.size()));
  out += content;
  return content.size() % 2 == 0 ? out : out + '\0';
}

// An AVI of grey frames, one a second: a car park in thick fog.
std::string empty_video(std::uint32_t seconds) {
  constexpr std::uint32_t kWidth = 320;
  constexpr std::uint32_t kHeight = 240;
  const std::string frame(std::size_t{kWidth} * kHeight * 3, '\x80');
  std::string main_header;
  for (const std::uint32_t v : {1000000U, kWidth * kHeight * 3, 0U, 0x10U, seconds, 0U, 1U, kWidth * kHeight * 3,
                                kWidth, kHeight, 0U, 0U, 0U, 0U})
    append(main_header, v);
  std::string stream_header = "vidsDIB ";
  for (const std::uint32_t v : {0U, 0U, 0U, 1U, 1U, 0U, seconds, kWidth * kHeight * 3, 0U, 0U, 0U, 0U})
    append(stream_header, v);
  std::string format;
  for (const std::uint32_t v : {40U, kWidth, kHeight}) append(format, v);
  append(format, 1, 2);
  append(format, 24, 2);
  for (const std::uint32_t v : {0U, kWidth * kHeight * 3, 0U, 0U, 0U, 0U}) append(format, v);
  const std::string stream = "strl" + chunk("strh", stream_header) + chunk("strf", format);
  const std::string headers = "hdrl" + chunk("avih", main_header) + chunk("LIST", stream);
  std::string movie = "movi";
  std::string index;
  for (std::uint32_t i = 0; i < seconds; ++i) {
    index += "00db";
    append(index, 0x10);
    append(index, static_cast<std::uint32_t>(movie.size()));
    append(index, static_cast<std::uint32_t>(frame.size()));
    movie += chunk("00db", frame);
  }
  return chunk("RIFF", "AVI " + chunk("LIST", headers) + chunk("LIST", movie) + chunk("idx1", index));
}

std::string own(const std::string& name) {
  const auto content = read_file(fs::path(TOUR_DATA) / name, 1U << 24U);
  EXPECT_TRUE(content) << name;
  return content.value_or("");
}

class StationTest : public TourTest, public testing::WithParamInterface<const char*> {};

TEST_P(StationTest, HoldsOnRealInput) {
  const Ran ran = box_->hearth(fmt::format("tour --json --only {}", GetParam()));
  EXPECT_EQ(ran.status, 0) << ran.out;
  const auto answer = json::parse(ran.out);
  ASSERT_TRUE(answer) << ran.out;
  EXPECT_TRUE(json::flag(*answer, "ok"));
  ASSERT_EQ(json::list(*answer, "stations").size(), 1U);
  const json::value& line = json::list(*answer, "stations").front();
  EXPECT_EQ(json::text(line, "name"), GetParam());
  EXPECT_TRUE(json::flag(line, "ok")) << ran.out;
  EXPECT_FALSE(json::text(line, "input").empty());
  EXPECT_FALSE(json::text(line, "result").empty());
  EXPECT_GT(json::number(line, "seconds"), 0);
  EXPECT_GT(json::number(line, "memory"), 1e6) << "the engines' memory is shown";
  if (json::text(line, "name") != "see") return;
  const auto picture = read_file(json::text(line, "result"), 1U << 24U);
  ASSERT_TRUE(picture) << json::text(line, "result");
  EXPECT_TRUE(picture->starts_with("\x89PNG\r\n"));
}

INSTANTIATE_TEST_SUITE_P(Tour, StationTest, testing::Values("listen", "read", "see", "speak", "search"),
                         [](const auto& station) { return std::string(station.param); });

TEST_F(TourTest, PeopleGetALineEach) {
  const Ran ran = box_->hearth("tour --only search --only speak");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2) << ran.out;
}

TEST_F(TourTest, NoiseTurnsListeningRed) {
  for (const auto& entry : fs::directory_iterator(kClips)) {
    if (entry.path().extension() != ".wav") continue;
    const auto wav = read_file(entry.path(), 1U << 24U);
    ASSERT_TRUE(wav);
    write("listen/" + entry.path().filename().string(), with_noise(*wav));
  }
  visit_degraded("listen");
}

TEST_F(TourTest, ATinyPageTurnsReadingRed) {
  std::string pdf = own("read/page.pdf");
  const std::string full_size = "1.00 0 0 1.00 0 0 cm";
  const std::size_t at = pdf.find(full_size);
  ASSERT_NE(at, std::string::npos) << "the page's matrix must stay in plain sight";
  pdf.replace(at, full_size.size(), "0.16 0 0 0.16 0 0 cm");
  write("read/page.pdf", pdf);
  visit_degraded("read");
}

TEST_F(TourTest, EmptyFramesTurnSeeingRed) {
  write("see/vtest.avi", empty_video(80));
  const json::value line = visit_degraded("see");
  EXPECT_EQ(json::number(json::field(line, "quality"), "value", -1), 0);
}

TEST_F(TourTest, NoiseTurnsSpeakingRed) {
  std::string wav =
      read_file(fs::path(kClips) / "sense_and_sensibility_01_austen_64kb-0880.wav", 1U << 24U).value_or("");
  ASSERT_GT(wav.size(), 1000U);
  write("speak/spoken.wav", with_noise(std::move(wav)));
  visit_degraded("speak");
}

TEST_F(TourTest, ShuffledAnswersTurnSearchingRed) {
  std::vector<std::pair<std::string, std::string>> rows;
  std::istringstream lines(own("search/questions.tsv"));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line[0] != '#')
      rows.emplace_back(line.substr(0, line.find('\t')), line.substr(line.find('\t') + 1));
  ASSERT_EQ(rows.size(), 3U);
  std::string shuffled;
  for (std::size_t i = 0; i < rows.size(); ++i)
    shuffled += rows[i].first + "\t" + rows[(i + 1) % rows.size()].second + "\n";
  write("search/questions.tsv", shuffled);
  const json::value line = visit_degraded("search");
  EXPECT_EQ(json::number(json::field(line, "quality"), "value", -1), 0);
}

}  // namespace
}  // namespace hearth::tool
