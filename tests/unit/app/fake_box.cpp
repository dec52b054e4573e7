#include "fake_box.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace hearth::tool {
namespace {

int listen_on(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0) << path;
  EXPECT_EQ(::listen(fd, 16), 0);
  return fd;
}

// Until `end` has been read; "" when the other side hangs up first.
std::string read_until(int fd, std::string& buffer, std::string_view end) {
  for (;;) {
    if (const std::size_t at = buffer.find(end); at != std::string::npos) {
      std::string out = buffer.substr(0, at + end.size());
      buffer.erase(0, at + end.size());
      return out;
    }
    std::array<char, 65536> part{};
    const ssize_t n = ::read(fd, part.data(), part.size());
    if (n <= 0) return {};
    buffer.append(part.data(), static_cast<std::size_t>(n));
  }
}

std::string read_exactly(int fd, std::string& buffer, std::size_t size) {
  while (buffer.size() < size) {
    std::array<char, 65536> part{};
    const ssize_t n = ::read(fd, part.data(), part.size());
    if (n <= 0) break;
    buffer.append(part.data(), static_cast<std::size_t>(n));
  }
  std::string out = buffer.substr(0, size);
  buffer.erase(0, size);
  return out;
}

std::string header_value(const std::string& headers, const std::string& name) {
  const std::size_t at = headers.find(name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 2;
  return headers.substr(from, headers.find("\r\n", from) - from);
}

std::string read_body(int fd, std::string& buffer, const std::string& headers) {
  if (header_value(headers, "Transfer-Encoding") != "chunked") {
    const std::string length = header_value(headers, "Content-Length");
    return length.empty() ? std::string() : read_exactly(fd, buffer, std::stoul(length));
  }
  std::string body;
  for (;;) {
    const std::string line = read_until(fd, buffer, "\r\n");
    const std::size_t size = line.empty() ? 0 : std::stoul(line, nullptr, 16);
    body += read_exactly(fd, buffer, size);
    read_exactly(fd, buffer, 2);
    if (size == 0) return body;
  }
}

void send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    data.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

FakeBox::FakeBox(Handler handler) : handler_(std::move(handler)) {
  std::string name = (std::filesystem::temp_directory_path() / "hearth-box-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  folder_ = name;
  std::filesystem::create_directories(folder_ / "run");
  EXPECT_EQ(::pipe(stop_pipe_), 0);
  listeners_ = {listen_on(folder_ / "run/hearth.sock"), listen_on(folder_ / "run/admin.sock")};
  for (const int listener : listeners_) threads_.emplace_back([this, listener] { serve(listener); });
}

FakeBox::~FakeBox() {
  ::close(stop_pipe_[1]);
  for (std::thread& thread : threads_) thread.join();
  ::close(stop_pipe_[0]);
  for (const int listener : listeners_) ::close(listener);
  std::filesystem::remove_all(folder_);
}

std::vector<FakeRequest> FakeBox::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeBox::wait_for_request() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return !requests_.empty(); });
}

void FakeBox::serve(int listener) {
  for (;;) {
    std::array<pollfd, 2> fds{{{listener, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0) return;
    if (fds[1].revents != 0) return;
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    converse(connection);
    ::close(connection);
  }
}

void FakeBox::converse(int connection) {
  std::string buffer;
  const std::string head = read_until(connection, buffer, "\r\n\r\n");
  if (head.empty()) return;  // somebody only looked whether it listens
  FakeRequest request;
  request.method = head.substr(0, head.find(' '));
  request.target =
      head.substr(request.method.size() + 1, head.find(' ', request.method.size() + 1) - request.method.size() - 1);
  request.headers = head;
  request.body = read_body(connection, buffer, head);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  arrived_.notify_all();
  const FakeAnswer answer = handler_(request);
  if (answer.manner == FakeAnswer::Manner::hang_up) return;
  const std::string response =
      fmt::format("HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}",
                  answer.status, answer.type, answer.body.size(), answer.headers, answer.body);
  const bool whole = answer.manner == FakeAnswer::Manner::proper;
  send_all(connection, std::string_view(response).substr(0, response.size() - (whole ? 0 : answer.body.size() / 2)));
  if (answer.manner != FakeAnswer::Manner::stall) return;
  // Until the client hangs up or the box is taken away.
  std::array<pollfd, 2> fds{{{connection, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}}};
  ::poll(fds.data(), fds.size(), -1);
}

}  // namespace hearth::tool
