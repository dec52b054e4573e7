// Real servers on loopback, with a folder of their own: nginx, and Debian's docker-registry.
#pragma once

#include <hearth/core/error.h>

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hearth::models {

// A process of ours; stopped when this goes.
class ServerProcess {
 public:
  ServerProcess() = default;
  ServerProcess(ServerProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ServerProcess& operator=(ServerProcess&& other) noexcept;
  ~ServerProcess() { stop(); }
  // Its output goes to `log`.
  static ServerProcess start(const std::vector<std::string>& argv, const std::filesystem::path& log);
  // At once; open connections are cut.
  void stop();

 private:
  explicit ServerProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

// A port that is free now.
std::uint16_t free_port();
// Until something listens there; fails the test after 30 s.
void wait_for_port(std::uint16_t port);

class Nginx {
 public:
  // `locations` are inside `server {}`; {PORT} and {ROOT} are replaced. Files lie under root().
  explicit Nginx(std::string locations, std::string http = {});
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  void start();
  // Cuts what is under way.
  void stop() { process_.stop(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path) const;
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  void put(const std::filesystem::path& path, std::string_view content) const;
  // Of the access log: status, bytes of the body and URI, a line a request.
  struct Served {
    int status;
    std::uint64_t bytes;
    std::string uri;
    std::string range;
  };
  [[nodiscard]] std::vector<Served> served() const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path root_;
  std::uint16_t port_;
  ServerProcess process_;
};

// Speaks TCP and says what it is told to: for what no proper server does.
class LyingServer {
 public:
  // What goes back for each request's text, to the letter; then the connection is closed, or the answer's last
  // kilobyte is sent again and again until the client has had enough.
  enum class Then { close, go_on };
  explicit LyingServer(std::function<std::string(const std::string& request, int number)> answer,
                       Then then = Then::close);
  ~LyingServer();
  LyingServer(const LyingServer&) = delete;
  LyingServer& operator=(const LyingServer&) = delete;
  [[nodiscard]] std::string url(std::string_view path) const;

 private:
  void serve();
  std::function<std::string(const std::string&, int)> answer_;
  Then then_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// Debian's docker-registry.
class DockerRegistry {
 public:
  DockerRegistry();
  ~DockerRegistry();
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;
  [[nodiscard]] std::string base() const;  // "http://127.0.0.1:PORT"
  [[nodiscard]] std::string host() const;  // "127.0.0.1:PORT"
  void stop() { process_.stop(); }
  // The digest of a blob that the registry has now.
  [[nodiscard]] std::string push_blob(const std::string& repo, const std::string& bytes) const;
  // The digest of a manifest.
  [[nodiscard]] std::string push_manifest(const std::string& repo, const std::string& reference,
                                          const std::string& body,
                                          const std::string& type = "application/vnd.oci.image.manifest.v1+json") const;

 private:
  std::filesystem::path folder_;
  std::uint16_t port_;
  ServerProcess process_;
};
// A descriptor in a manifest.
std::string descriptor(const std::string& type, const std::string& digest, std::size_t bytes,
                       const std::string& title = {});

// One HTTP request, for filling a registry. The status; 0: none came. `location`: where the answer points to.
int send_http(const std::string& method, const std::string& url, const std::string& body,
              const std::string& content_type, std::string* location = nullptr);

}  // namespace hearth::models
