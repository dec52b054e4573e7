#include "servers.h"

#include <hearth/core/clock.h>
#include <hearth/core/file.h>
#include <hearth/core/ids.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

fs::path new_folder(const char* kind) {
  std::string name = testing::TempDir() + "hearth_" + kind + ".XXXXXX";
  if (mkdtemp(name.data()) == nullptr) std::abort();
  ::chmod(name.c_str(), 0755);  // nginx's workers are another user when the tests run as root
  return name;
}

}  // namespace

ServerProcess& ServerProcess::operator=(ServerProcess&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

ServerProcess ServerProcess::start(const std::vector<std::string>& argv, const fs::path& log) {
  std::vector<char*> args;
  args.reserve(argv.size() + 1);
  for (const std::string& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));  // NOLINT: exec's old signature
  args.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::setpgid(0, 0);
    ::execvp(args[0], args.data());
    _exit(127);
  }
  ::setpgid(pid, pid);
  return ServerProcess(pid);
}

void ServerProcess::stop() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
}

std::uint16_t free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) std::abort();
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void wait_for_port(std::uint16_t port) {
  const Deadline deadline = Deadline::in(Seconds(30));
  while (!deadline.passed()) {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return;
    ::poll(nullptr, 0, 20);
  }
  FAIL() << "nothing listens on port " << port;
}

Nginx::Nginx(std::string locations, std::string http)
    : folder_(new_folder("nginx")), root_(folder_ / "root"), port_(free_port()) {
  fs::create_directories(root_);
  const std::string conf = fmt::format(R"(
daemon off;
worker_processes 1;
error_log {0}/error.log;
pid {0}/pid;
events {{ worker_connections 128; }}
http {{
  log_format line '$status $body_bytes_sent $uri $http_range';
  access_log {0}/access.log line;
  client_body_temp_path {0}/t1; proxy_temp_path {0}/t2; fastcgi_temp_path {0}/t3; uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5;
  client_max_body_size 0;
  default_type application/octet-stream;
  {2}
  server {{
    listen 127.0.0.1:{{PORT}};
    root {1};
    {3}
  }}
}}
)",
                                       folder_.string(), root_.string(), http, locations);
  std::ofstream(folder_ / "nginx.conf") << replaced(replaced(conf, "{PORT}", std::to_string(port_)), "{ROOT}",
                                                    root_.string());
  start();
}

Nginx::~Nginx() {
  process_.stop();
  std::error_code ec;
  fs::remove_all(folder_, ec);
}

void Nginx::start() {
  process_ = ServerProcess::start({"nginx", "-e", (folder_ / "error.log").string(), "-c",
                                   (folder_ / "nginx.conf").string(), "-p", folder_.string()},
                                  folder_ / "out.log");
  wait_for_port(port_);
}

std::string Nginx::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void Nginx::put(const fs::path& path, std::string_view content) const {
  const fs::path file = root_ / path;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
}

std::vector<Nginx::Served> Nginx::served() const {
  std::vector<Served> all;
  std::ifstream log(folder_ / "access.log");
  for (std::string line; std::getline(log, line);) {
    Served one{};
    std::istringstream(line) >> one.status >> one.bytes >> one.uri >> one.range;
    all.push_back(one);
  }
  return all;
}

LyingServer::LyingServer(std::function<std::string(const std::string&, int)> answer, Then then)
    : answer_(std::move(answer)), then_(then) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0)
    std::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

LyingServer::~LyingServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string LyingServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void LyingServer::serve() {
  for (int number = 0;; ++number) {
    const Fd connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) return;
    std::string request;
    std::array<char, 4096> buffer{};
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t n = ::recv(connection.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0) break;
      request.append(buffer.data(), static_cast<std::size_t>(n));
    }
    const std::string answer = answer_(request, number);
    for (std::size_t at = 0; at < answer.size();) {
      const ssize_t n = ::send(connection.get(), answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
      if (n <= 0) break;
      at += static_cast<std::size_t>(n);
      if (at == answer.size() && then_ == Then::go_on) at -= std::min<std::size_t>(1024, at);
    }
  }
}

extern "C" std::size_t hearth_test_ignore(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

int send_http(const std::string& method, const std::string& url, const std::string& body,
              const std::string& content_type, std::string* location) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> h(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
      curl_slist_append(nullptr, ("Content-Type: " + content_type).c_str()), curl_slist_free_all);
  curl_easy_setopt(h.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(h.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(h.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(h.get(), CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(h.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(h.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(h.get(), CURLOPT_WRITEFUNCTION, hearth_test_ignore);
  long status = 0;
  if (curl_easy_perform(h.get()) != CURLE_OK) return 0;
  curl_easy_getinfo(h.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_header* header = nullptr;
  if (location != nullptr && curl_easy_header(h.get(), "Location", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
    *location = header->value;
  return static_cast<int>(status);
}

DockerRegistry::DockerRegistry() : port_(free_port()) {
  std::string name = testing::TempDir() + "hearth_registry.XXXXXX";
  if (mkdtemp(name.data()) == nullptr) std::abort();
  folder_ = name;
  fs::create_directories(folder_ / "blobs");
  const auto config = folder_ / "registry.yml";
  std::ofstream(config) << fmt::format(
      "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: "
      "127.0.0.1:{}\n",
      (folder_ / "blobs").string(), port_);
  process_ = ServerProcess::start({"docker-registry", "serve", config.string()}, folder_ / "registry.log");
  wait_for_port(port_);
}

DockerRegistry::~DockerRegistry() {
  process_.stop();
  std::error_code ec;
  fs::remove_all(folder_, ec);
}

std::string DockerRegistry::base() const {
  return "http://" + host();
}
std::string DockerRegistry::host() const {
  return fmt::format("127.0.0.1:{}", port_);
}

std::string DockerRegistry::push_blob(const std::string& repo, const std::string& bytes) const {
  std::string location;
  EXPECT_EQ(send_http("POST", fmt::format("{}/v2/{}/blobs/uploads/", base(), repo), "", "application/octet-stream",
                      &location),
            202);
  if (!location.starts_with("http")) location = base() + location;
  const std::string digest = "sha256:" + sha256_hex(bytes);
  EXPECT_EQ(
      send_http("PUT",
                fmt::format("{}{}digest={}", location, location.find('?') == std::string::npos ? "?" : "&", digest),
                bytes, "application/octet-stream"),
      201);
  return digest;
}

std::string DockerRegistry::push_manifest(const std::string& repo, const std::string& reference,
                                          const std::string& body, const std::string& type) const {
  EXPECT_EQ(send_http("PUT", fmt::format("{}/v2/{}/manifests/{}", base(), repo, reference), body, type), 201);
  return "sha256:" + sha256_hex(body);
}

std::string descriptor(const std::string& type, const std::string& digest, std::size_t bytes,
                       const std::string& title) {
  return fmt::format(
      R"({{"mediaType":"{}","digest":"{}","size":{}{}}})", type, digest, bytes,
      title.empty() ? "" : fmt::format(R"(,"annotations":{{"org.opencontainers.image.title":"{}"}})", title));
}

}  // namespace hearth::models
