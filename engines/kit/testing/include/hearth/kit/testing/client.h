// For engines' tests: a plain HTTP/1.1 client over a Unix socket. It is written without the libraries that the kit
// uses, so that both ends can't share a mistake, and it can stop, stall and leave wherever a test wants.
#pragma once

#include <hearth/core/file.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::kit::testing {

struct Answer {
  int status = 0;                              // 0: no answer came
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool complete = false;  // the body ended as HTTP says, rather than with the connection
};

using Headers = std::map<std::string, std::string>;

// Against hanging only: a sanitizer build on a loaded machine is slow, and the machine may stand still for seconds.
constexpr double kPatience = 100;  // seconds

// One connection. Reads give up after kPatience of silence.
class Client {
 public:
  explicit Client(const std::string& socket);

  [[nodiscard]] bool connected() const { return static_cast<bool>(fd_); }
  // Sends bytes as they are; false once the engine has closed.
  bool send(std::string_view bytes);
  // The head of a request whose body follows by send_chunk().
  bool begin_chunked(std::string_view method, std::string_view target, const Headers& headers = {});
  bool send_chunk(std::string_view bytes);  // an empty one ends the body
  // Reads status line and headers into a new answer.
  Answer read_head();
  // The next chunk of a chunked answer: empty at its end, nullopt if it was cut off.
  std::optional<std::string> read_chunk();
  // Head and body.
  Answer read_answer();
  // A request with a body of known length, sent while the answer is read.
  Answer request(std::string_view method, std::string_view target, std::string_view body = {},
                 const Headers& headers = {});
  // Is the connection over on the other side? Waits for it.
  [[nodiscard]] bool closed_by_peer();
  void close() { fd_.reset(); }

 private:
  bool fill();
  std::optional<std::string> read_line();
  bool read_exactly(std::size_t size, std::string& into);

  Fd fd_;
  std::string buffer_;
};

}  // namespace hearth::kit::testing
