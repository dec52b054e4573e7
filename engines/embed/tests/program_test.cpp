// The program itself, over its Unix socket.
#include <hearth/core/clock.h>
#include <hearth/core/file.h>

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

extern char** environ;

namespace {

using namespace hearth;
namespace json = boost::json;

constexpr std::chrono::seconds kPatience{100};

// A started engine. Its standard input is a pipe: closing it tells the engine that the daemon has died.
class Program {
 public:
  explicit Program(const std::string& data) : folder_(testing::TempDir() + "embedXXXXXX") {
    if (::mkdtemp(folder_.data()) == nullptr) std::abort();
    socket_ = folder_ + "/s";
    log_ = folder_ + "/log";
    std::array<int, 2> input{-1, -1};
    if (::pipe2(input.data(), O_CLOEXEC) != 0) std::abort();
    input_ = Fd(input[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_.c_str(), O_WRONLY | O_CREAT, 0600);
    std::vector<std::string> args{HEARTH_EMBED_PROGRAM, "--socket", socket_, "--data", data};
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) std::abort();
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(input[0]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
    std::filesystem::remove_all(folder_);
  }

  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void terminate() const { ::kill(pid_, SIGTERM); }
  void close_input() { input_.reset(); }
  [[nodiscard]] std::string log() const { return read_file(log_, 1 << 20).value_or(""); }

  [[nodiscard]] Fd connect() const {
    const SteadyTime until = steady_now() + kPatience;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, sizeof address.sun_path - 1);
    for (;;) {
      Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
      if (steady_now() > until) std::abort();
      ::poll(nullptr, 0, 1);
    }
  }

 private:
  std::string folder_;
  std::string socket_;
  std::string log_;
  Fd input_;
  pid_t pid_ = -1;
};

// One request on a connection that is closed after it; the whole answer, headers too.
std::string ask(const Program& program, std::string_view method, std::string_view path, std::string_view body) {
  const Fd fd = program.connect();
  const std::string request = fmt::format(
      "{} {} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
      "{}\r\n\r\n{}",
      method, path, body.size(), body);
  // The engine may answer and hang up before it has read everything; what it said still counts.
  ::signal(SIGPIPE, SIG_IGN);
  [[maybe_unused]] const auto sent = write_all(fd.get(), request);
  std::string answer;
  std::array<char, 65536> buffer;
  for (ssize_t n = 0; (n = ::read(fd.get(), buffer.data(), buffer.size())) > 0;)
    answer.append(buffer.data(), static_cast<std::size_t>(n));
  return answer;
}

json::value json_of(const std::string& answer) {
  return json::parse(std::string_view(answer).substr(answer.find("\r\n\r\n") + 4));
}

TEST(Program, ServesEmbeddings) {
  const Program program(HEARTH_EMBED_DATA);
  EXPECT_THAT(ask(program, "GET", "/health", ""), testing::StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(json_of(ask(program, "GET", "/v1/models", "")).at_pointer("/data/0/id").as_string(),
            "hearth-static-minilm-256");
  const std::string answer = ask(program, "POST", "/v1/embeddings", R"({"input":["a","b"],"dimensions":4})");
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, testing::HasSubstr("Content-Type: application/json"));
  EXPECT_EQ(json_of(answer).at_pointer("/data/1/embedding").as_array().size(), 4U);
}

TEST(Program, RefusesInOpenAisShape) {
  const Program program(HEARTH_EMBED_DATA);
  const std::string answer = ask(program, "POST", "/v1/embeddings", R"({"input":[]})");
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 400"));
  const json::value error = json_of(answer).at("error");
  EXPECT_EQ(error.at("type").as_string(), "invalid_request_error");
  EXPECT_EQ(error.at("code").as_string(), "empty_array");
  EXPECT_EQ(error.at("param").as_string(), "input");
  EXPECT_FALSE(error.at("message").as_string().empty());
  EXPECT_THAT(ask(program, "POST", "/v1/embeddings", R"({"input":")" + std::string(8U << 20U, 'a')),
              testing::StartsWith("HTTP/1.1 413"));
}

TEST(Program, StreamsTenThousandInputs) {
  const Program program(HEARTH_EMBED_DATA);
  std::string body = R"({"encoding_format":"base64","input":["a")";
  for (int i = 1; i < 10'000; ++i) body += fmt::format(R"(,"sentence number {}")", i);
  const std::string answer = ask(program, "POST", "/v1/embeddings", body + "]}");
  EXPECT_THAT(answer.substr(0, 400), testing::HasSubstr("chunked"));
  EXPECT_THAT(answer, testing::HasSubstr(R"("index":9999)"));
  EXPECT_THAT(answer, testing::EndsWith("}}\r\n0\r\n\r\n"));
}

// What the daemon asks before it counts the engine as ready: engine.yaml's canary, word for word.
TEST(Program, AnswersTheManifestsCanary) {
  const std::string manifest = read_file(HEARTH_EMBED_MANIFEST, 1 << 16).value();
  const auto between = [&](std::string_view key) {
    const auto at = manifest.find(key);
    const auto from = manifest.find('\'', at) + 1;
    return at == std::string::npos ? std::string() : manifest.substr(from, manifest.find('\'', from) - from);
  };
  const std::string body = between("body:");
  const std::string expect = between("expect:");
  ASSERT_THAT(expect, testing::StartsWith(R"("embedding":[)"));
  const Program program(HEARTH_EMBED_DATA);
  EXPECT_THAT(ask(program, "POST", "/v1/embeddings", body), testing::HasSubstr(expect));
}

TEST(Program, StopsOnSigtermAndWhenTheDaemonDies) {
  Program told(HEARTH_EMBED_DATA);
  ASSERT_TRUE(told.connect());
  told.terminate();
  EXPECT_EQ(told.wait(), 0);
  Program orphan(HEARTH_EMBED_DATA);
  ASSERT_TRUE(orphan.connect());
  orphan.close_input();
  EXPECT_EQ(orphan.wait(), 0);
}

TEST(Program, SaysWhyItCannotStart) {
  Program program(testing::TempDir() + "nothing-here");
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.log(), testing::HasSubstr("table.bin is missing"));
}

}  // namespace
