#include <hearth/kit/testing/client.h>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace hearth::kit::testing {
namespace {

std::string head_of(std::string_view method, std::string_view target, const Headers& headers) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: engine\r\n", method, target);
  for (const auto& [name, value] : headers) head += fmt::format("{}: {}\r\n", name, value);
  return head;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

Client::Client(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{static_cast<time_t>(kPatience), 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) fd_ = std::move(fd);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Client::begin_chunked(std::string_view method, std::string_view target, const Headers& headers) {
  return send(head_of(method, target, headers) + "Transfer-Encoding: chunked\r\n\r\n");
}

bool Client::send_chunk(std::string_view bytes) {
  return send(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
}

bool Client::fill() {
  std::array<char, 64 * 1024> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv() fills it
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), part.data(), part.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    buffer_.append(part.data(), static_cast<std::size_t>(n));
    return true;
  }
}

std::optional<std::string> Client::read_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos)
    if (!fill()) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool Client::read_exactly(std::size_t size, std::string& into) {
  while (buffer_.size() < size) {
    if (fill()) continue;
    into += std::exchange(buffer_, {});
    return false;
  }
  into.append(buffer_, 0, size);
  buffer_.erase(0, size);
  return true;
}

Answer Client::read_head() {
  Answer answer;
  const auto status = read_line();
  if (!status || status->size() < 12) return answer;
  while (const auto line = read_line()) {
    if (line->empty()) {
      answer.status = std::atoi(status->c_str() + 9);
      return answer;
    }
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos) break;
    const std::size_t value = line->find_first_not_of(' ', colon + 1);
    answer.headers[lower(line->substr(0, colon))] = value == std::string::npos ? "" : line->substr(value);
  }
  return answer;
}

std::optional<std::string> Client::read_chunk() {
  const auto line = read_line();
  if (!line) return std::nullopt;
  char* end = nullptr;
  const std::size_t size = std::strtoull(line->c_str(), &end, 16);
  if (end == line->c_str()) return std::nullopt;
  std::string chunk;
  std::string newline;
  if (!read_exactly(size, chunk) || !read_exactly(2, newline)) return std::nullopt;
  return chunk;
}

Answer Client::read_answer() {
  Answer answer = read_head();
  if (answer.status == 0) return answer;
  if (answer.headers["transfer-encoding"] == "chunked") {
    while (const auto chunk = read_chunk()) {
      if (chunk->empty()) {
        answer.complete = true;
        break;
      }
      answer.body += *chunk;
    }
    return answer;
  }
  const auto length = static_cast<std::size_t>(std::atoll(answer.headers["content-length"].c_str()));
  answer.complete = read_exactly(length, answer.body);
  return answer;
}

Answer Client::request(std::string_view method, std::string_view target, std::string_view body,
                       const Headers& headers) {
  std::jthread sender([&] {
    if (send(head_of(method, target, headers) + fmt::format("Content-Length: {}\r\n\r\n", body.size()))) send(body);
  });
  Answer answer = read_answer();
  // An engine that answered early and closed makes send() fail; one that keeps the connection drains the body.
  return answer;
}

bool Client::closed_by_peer() {
  pollfd p{fd_.get(), POLLRDHUP, 0};
  return ::poll(&p, 1, static_cast<int>(kPatience * 1000)) > 0;
}

}  // namespace hearth::kit::testing
