// Something that listens where a hearthd would and speaks real HTTP/1.1, and misbehaves when told to.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hearth::tool {

struct FakeRequest {
  std::string method;
  std::string target;
  std::string headers;
  std::string body;  // chunks are joined
};

struct FakeAnswer {
  int status = 200;
  std::string type = "application/json";
  std::string headers;  // further ones, each with its line end
  std::string body;
  enum class Manner { proper, cut_short, hang_up, stall } manner = Manner::proper;
};

// Listens on both sockets of <folder>/run, so that `--data folder` reaches it. One connection at a time.
class FakeBox {
 public:
  using Handler = std::function<FakeAnswer(const FakeRequest&)>;
  explicit FakeBox(Handler handler);
  ~FakeBox();
  FakeBox(const FakeBox&) = delete;
  FakeBox& operator=(const FakeBox&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] std::string socket() const { return (folder_ / "run/hearth.sock").string(); }
  [[nodiscard]] std::vector<FakeRequest> requests() const;
  // Blocks until a request has arrived in full.
  void wait_for_request();

 private:
  void serve(int listener);
  void converse(int connection);

  Handler handler_;
  std::filesystem::path folder_;
  std::vector<int> listeners_;
  int stop_pipe_[2] = {-1, -1};
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<FakeRequest> requests_;
  std::vector<std::thread> threads_;
};

}  // namespace hearth::tool
