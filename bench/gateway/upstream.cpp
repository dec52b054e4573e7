// The far side of `make bench-gateway`: an upstream that costs next to nothing, so that what stands in front of it is
// what is measured. One thread, epoll. It speaks as much of OpenAI's dialect as the benchmark asks for; what it answers
// stands in the request's `user`, a field that gateways hand on:
//
//   "user":"answer=512"                 a whole answer, its body about so many bytes
//   "user":"deltas=64 pace_us=20000"    a stream: a role, then so many deltas in even steps, each with the time it was
//                                       written (steady clock, nanoseconds), then its end
#include <hearth/core/clock.h>
#include <hearth/core/file.h>

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

using namespace hearth;

constexpr std::size_t kReadSize = 128 * 1024;
constexpr std::size_t kLookAt = 512;  // of a body's beginning and end, where a gateway may have put `user`
constexpr int kEvents = 512;
constexpr int kBacklog = 4096;

struct Connection {
  Fd fd;
  std::string in;
  std::string out;
  std::uint64_t serial = 0;  // tells a reused descriptor from the one before
  unsigned deltas = 0;       // of a stream, still to come
  std::chrono::nanoseconds pace{0};
  SteadyTime next;  // when the next delta is due
  bool usage = false;
  bool streaming = false;
  bool waits_to_write = false;
};

struct Due {
  SteadyTime at;
  int fd;
  std::uint64_t serial;
  friend bool operator>(const Due& a, const Due& b) { return a.at > b.at; }
};

std::size_t number_after(std::string_view text, std::string_view key, std::size_t fallback) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return fallback;
  std::size_t value = fallback;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
  return value;
}

struct Head {
  std::size_t size = 0;  // of the head, and
  std::size_t body = 0;  // of what follows
  bool close = false;
};

std::optional<Head> read_head(std::string_view in) {
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  Head head;
  head.size = end + 4;
  std::string_view lines = in.substr(0, end + 2);
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(line.size() + 2);
    constexpr std::string_view kLength = "content-length:";
    constexpr std::string_view kClose = "connection: close";
    if (line.size() > kLength.size() && ::strncasecmp(line.data(), kLength.data(), kLength.size()) == 0) {
      auto digits = line.substr(kLength.size());
      digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
      std::from_chars(digits.data(), digits.data() + digits.size(), head.body);
    }
    if (line.size() == kClose.size() && ::strncasecmp(line.data(), kClose.data(), kClose.size()) == 0)
      head.close = true;
  }
  return head;
}

std::string whole_message(std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(),
                     body);
}

std::string chat_answer(std::size_t size) {
  constexpr std::string_view kBefore =
      R"({"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,)"
      R"("message":{"role":"assistant","content":")";
  constexpr std::string_view kAfter =
      R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}})";
  const std::size_t text = size > kBefore.size() + kAfter.size() ? size - kBefore.size() - kAfter.size() : 1;
  std::string words;
  while (words.size() < text) words += "a word ";
  words.resize(text);
  return whole_message(fmt::format("{}{}{}", kBefore, words, kAfter));
}

std::string embedding_answer() {
  std::string numbers = "0.01";
  for (int i = 1; i < 256; ++i) numbers += ",0.01";
  return whole_message(fmt::format(R"({{"object":"list","data":[{{"object":"embedding","index":0,"embedding":[{}]}}],)"
                                   R"("model":"bench","usage":{{"prompt_tokens":8,"total_tokens":8}}}})",
                                   numbers));
}

std::string chunk(std::string_view data) {
  return fmt::format("{:x}\r\ndata: {}\n\n\r\n", data.size() + 8, data);
}

std::string chunk_of(std::string_view choices, std::string_view more = {}) {
  return chunk(fmt::format(R"({{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,)"
                           R"("model":"bench","choices":[{}]{}}})",
                           choices, more));
}

class Upstream {
 public:
  bool listen(std::uint16_t port) {
    poll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) return false;
    if (::listen(listener_.get(), kBacklog) != 0) return false;
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener_.get()}};
    return ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, listener_.get(), &event) == 0;
  }

  [[noreturn]] void run() {
    std::array<epoll_event, kEvents> events{};
    for (;;) {
      const int n = wait(events);
      for (int i = 0; i < n; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener_.get()) {
          accept_all();
          continue;
        }
        const auto found = connections_.find(fd);
        if (found == connections_.end()) continue;
        serve(*found->second);
      }
      tick();
    }
  }

 private:
  int wait(std::array<epoll_event, kEvents>& events) {
    if (due_.empty()) return ::epoll_wait(poll_.get(), events.data(), kEvents, -1);
    const auto left = std::max(due_.top().at - steady_now(), SteadyTime::duration::zero());
    const auto seconds = std::chrono::duration_cast<Seconds>(left);
    const timespec time{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
    return ::epoll_pwait2(poll_.get(), events.data(), kEvents, &time, nullptr);
  }

  void accept_all() {
    for (;;) {
      Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd.get()}};
      ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
      const int key = fd.get();
      auto connection = std::make_unique<Connection>();
      connection->fd = std::move(fd);
      connection->serial = ++serial_;
      connections_[key] = std::move(connection);
    }
  }

  void serve(Connection& c) {
    const ssize_t n = ::recv(c.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      connections_.erase(c.fd.get());
      return;
    }
    if (n > 0) c.in.append(buffer_.data(), static_cast<std::size_t>(n));
    bool close = false;
    while (!c.streaming && !close) {
      const auto head = read_head(c.in);
      if (!head || c.in.size() < head->size + head->body) break;
      answer(c, std::string_view(c.in).substr(0, head->size), std::string_view(c.in).substr(head->size, head->body));
      close = head->close;
      c.in.erase(0, head->size + head->body);
    }
    flush(c);
    if (close) connections_.erase(c.fd.get());
  }

  void answer(Connection& c, std::string_view head, std::string_view body) {
    if (head.starts_with("GET ")) {
      c.out += whole_message(
          R"({"object":"list","data":[{"id":"bench","object":"model","created":1,"owned_by":"bench","task":"chat"}]})");
      return;
    }
    if (head.find("/embeddings ") != std::string_view::npos) {
      c.out += embedding_;
      return;
    }
    std::string_view part = body.substr(0, kLookAt);
    if (part.find(R"("user":")") == std::string_view::npos)
      part = body.substr(body.size() > kLookAt ? body.size() - kLookAt : 0);
    if (body.substr(0, kLookAt).find(R"("stream":true)") == std::string_view::npos &&
        body.substr(body.size() > kLookAt ? body.size() - kLookAt : 0).find(R"("stream":true)") ==
            std::string_view::npos) {
      const std::size_t size = number_after(part, "answer=", 512);
      auto& made = answers_[size];
      if (made.empty()) made = chat_answer(size);
      c.out += made;
      return;
    }
    c.streaming = true;
    c.deltas = static_cast<unsigned>(number_after(part, "deltas=", 64));
    c.pace = std::chrono::microseconds(number_after(part, "pace_us=", 0));
    c.usage = body.find(R"("include_usage":true)") != std::string_view::npos;
    c.next = steady_now() + c.pace;
    c.out += "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    c.out += chunk_of(R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null})");
    due_.push({c.next, c.fd.get(), c.serial});
  }

  void tick() {
    while (!due_.empty()) {
      const Due due = due_.top();
      const SteadyTime now = steady_now();
      if (due.at > now) return;
      due_.pop();
      const auto found = connections_.find(due.fd);
      if (found == connections_.end() || found->second->serial != due.serial) continue;
      next_event(*found->second, now);
    }
  }

  void next_event(Connection& c, SteadyTime now) {
    if (c.deltas == 0) {
      c.out += chunk_of(R"({"index":0,"delta":{},"finish_reason":"stop"})");
      if (c.usage) c.out += chunk_of("", R"(,"usage":{"prompt_tokens":100,"completion_tokens":64,"total_tokens":164})");
      c.out += chunk("[DONE]");
      c.out += "0\r\n\r\n";
      c.streaming = false;
      flush(c);
      return;
    }
    --c.deltas;
    c.out += chunk_of(fmt::format(R"({{"index":0,"delta":{{"content":"@{}"}},"finish_reason":null}})",
                                  now.time_since_epoch().count()));
    c.next += c.pace;
    due_.push({c.next, c.fd.get(), c.serial});
    flush(c);
  }

  void flush(Connection& c) {
    while (!c.out.empty()) {
      const ssize_t n = ::send(c.fd.get(), c.out.data(), c.out.size(), MSG_NOSIGNAL);
      if (n < 0) break;
      c.out.erase(0, static_cast<std::size_t>(n));
    }
    const bool waits = !c.out.empty();
    if (waits == c.waits_to_write) return;
    c.waits_to_write = waits;
    epoll_event event{.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.fd = c.fd.get()}};
    ::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, c.fd.get(), &event);
  }

  Fd poll_;
  Fd listener_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::map<std::size_t, std::string> answers_;
  std::string embedding_ = embedding_answer();
  std::string buffer_ = std::string(kReadSize, '\0');
  std::uint64_t serial_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::uint16_t port = 0;
  int core = -1;
  CLI::App app("The upstream of `make bench-gateway`");
  app.add_option("--port", port, "Listen on this port of 127.0.0.1")->required();
  app.add_option("--core", core, "Run on this processor only");
  CLI11_PARSE(app, argc, argv);
  if (core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    ::sched_setaffinity(0, sizeof(cores), &cores);
  }
  Upstream upstream;
  if (!upstream.listen(port)) {
    fmt::print(stderr, "bench-upstream: cannot listen there\n");
    return 1;
  }
  upstream.run();
}
