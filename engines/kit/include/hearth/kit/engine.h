// What every engine program of ours is built on: a small HTTP server on a Unix socket, with blocking handlers.
//
// One thread per connection, bounded; the daemon decides how many requests an engine gets at once (engine.yaml,
// `concurrency`), so a handler may simply compute. The body can be read while the answer is written (a transcoder does
// both). The process ends when its standard input reaches end of file (the daemon died), on SIGTERM (requests in flight
// are finished, for at most 5 s), and never because of one request. docs/engine-protocol.md is the contract.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::kit {

// One request. Lives for the handler's call; belongs to the connection's thread.
class Request {
 public:
  virtual ~Request() = default;
  [[nodiscard]] virtual std::string_view method() const = 0;
  [[nodiscard]] virtual std::string_view path() const = 0;
  // A query parameter, percent-decoded; nullopt if absent.
  [[nodiscard]] virtual std::optional<std::string> query(std::string_view name) const = 0;
  // A query parameter as a number within [low, high]; `fallback` if absent; invalid_argument if it is neither.
  [[nodiscard]] Result<double> number(std::string_view name, double fallback, double low, double high) const;
  // A header's value; empty if absent.
  [[nodiscard]] virtual std::string_view header(std::string_view name) const = 0;
  // Reads the next bytes of the body; 0 at its end. io_error (client gone), protocol_error.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  // The whole body; too_large past `limit`.
  Result<std::string> read_all(std::size_t limit);
  // Has the daemon hung up? Long computations ask now and then and return early; what they write is discarded.
  [[nodiscard]] virtual bool abandoned() = 0;
};

// The answer to one request. Either one whole answer (json, error, bytes) or start(), write()…, and the end of the
// handler.
class Response {
 public:
  virtual ~Response() = default;
  void json(int status, const boost::json::value& value);
  // An error in OpenAI's shape. `code` is stable and for programs, `message` a sentence that says what to do.
  void error(int status, std::string_view code, std::string_view message, std::string_view param = {});
  // The same from an Error: invalid_argument and unsupported 400, too_large 413, not_found 404, resource_exhausted 429,
  // unavailable and failed_precondition 503, the rest 500.
  void error(const Error& e);
  virtual void bytes(int status, std::string_view content_type, std::string_view body) = 0;

  struct Header {
    std::string_view name;
    std::string_view value;
  };
  // Begins a streamed answer (chunked); nothing is sent before the first write() or the end. After this only write().
  virtual void start(int status, std::string_view content_type, std::span<const Header> headers) = 0;
  void start(int status, std::string_view content_type) { start(status, content_type, std::span<const Header>()); }
  // Sends one chunk now. io_error once the client is gone: stop computing and return.
  virtual Result<void> write(std::string_view chunk) = 0;
  // One server-sent event: `data: <json>\n\n`, or `event: <name>` before it when given.
  Result<void> event(const boost::json::value& data, std::string_view name = {});
  // Cuts a streamed answer short so that the daemon sees it was not finished (after an error midway).
  virtual void abort() = 0;
  [[nodiscard]] virtual bool started() const = 0;
};

using Handler = std::function<void(Request&, Response&)>;

// What the program was started with. Engines may add arguments of their own: `rest` keeps what is not listed here.
struct Options {
  std::string socket;                 // --socket PATH: where to listen
  std::string data;                   // --data DIR: the model folder; read-only
  std::string scratch;                // --scratch DIR: for temporary files; default /tmp
  int threads = 1;                    // --threads N: compute threads worth using
  std::size_t memory_body = 4 << 20;  // bodies up to this size stay in memory
  std::vector<std::string> rest;
};

class Engine {
 public:
  // `name`: as in engine.yaml. Parses the arguments; exits with 2 and the usage on a wrong one, 0 for --help.
  Engine(std::string name, int argc, char** argv);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] const Options& options() const;
  // Before run(). A handler that returns without answering becomes a 500; one that throws, too.
  void route(std::string_view method, std::string_view path, Handler handler);
  // GET /health and GET /v1/models are answered by the kit; the latter lists these.
  void model(std::string id, std::string task);
  // How long requests in flight may go on after SIGTERM; 5 s, as the protocol says, but for tests of just that.
  void set_grace(std::chrono::milliseconds grace);
  // Serves until told to stop; returns the process's exit status.
  int run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A body that may be large and must be seekable: in memory up to Options::memory_body, else in an unlinked file in
// scratch.
class Body {
 public:
  // Reads all of it. too_large past `limit`, io_error (a full disk says so).
  static Result<Body> receive(Request& request, const Options& options, std::uint64_t limit);
  // Bytes that are here already (tests, fuzzers, a part of another body).
  static Body from_memory(std::string bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Reads at `offset`; fewer bytes only at the end. io_error.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const;
  // The bytes when they are in memory; nullopt when they are in a file.
  [[nodiscard]] std::optional<std::string_view> in_memory() const;
  // All bytes at once, for libraries that want a pointer; a spooled file is mapped read-only, which costs no memory of
  // the engine's limit. Valid as long as this body is. Not for two threads at once. io_error.
  Result<std::string_view> view() const;

 private:
  class Mapping {
   public:
    Mapping() = default;
    Mapping(void* at, std::size_t size) : at_(at), size_(size) {}
    Mapping(Mapping&& other) noexcept : at_(std::exchange(other.at_, nullptr)), size_(other.size_) {}
    Mapping& operator=(Mapping&& other) noexcept {
      std::swap(at_, other.at_);
      std::swap(size_, other.size_);
      return *this;
    }
    ~Mapping();
    [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(at_), at_ == nullptr ? 0 : size_}; }

   private:
    void* at_ = nullptr;
    std::size_t size_ = 0;
  };

  std::uint64_t size_ = 0;
  std::string memory_;
  Fd file_;
  mutable Mapping mapping_;  // of file_, once view() was asked for
};

}  // namespace hearth::kit
