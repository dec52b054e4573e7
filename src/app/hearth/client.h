// HTTP to a hearthd: over its Unix sockets, or over the net to another box.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::tool {

// Where it listens.
struct Endpoint {
  std::string socket;    // a Unix socket's path; empty: `base_url`
  std::string base_url;  // "http://box.local:8420", without a slash at the end
  std::string key;       // sent as a bearer token; empty: none
  bool anew = false;     // nothing is to be answered from what is kept
};

// One part of a form: a field, or a file that is sent as it is read.
struct FormPart {
  enum class Kind { field, file, stdin_stream, bytes };
  Kind kind = Kind::field;
  std::string name;
  std::string value;      // a field's text, a file's path, or the bytes
  std::string file_name;  // what the other side is told the file is called
};

struct Request {
  std::string method = "GET";
  std::string path;  // "/v1/models"
  std::string json;  // the body; empty: none, or the form
  std::vector<FormPart> form;
  std::optional<double> seconds;  // all of it must be over by then; not set: as long as it takes
  // What arrives with a 2xx answer, as it arrives; an error stops the transfer and is returned. Not set:
  // Response::body.
  std::function<Result<void>(std::string_view)> on_data;
  // The answer's header has been read.
  std::function<void(const std::map<std::string, std::string>&)> on_header;
  // Bytes of the body that have gone out, and all of them (0: not known).
  std::function<void(std::uint64_t, std::uint64_t)> on_upload;
  // The `code` of the error that was answered, where a caller can say it better than the box.
  std::function<void(std::string_view)> on_error_code;
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// The error that an OpenAI-shaped body carries, as its own sentence. 401 unauthenticated, 403 permission_denied, 404
// not_found, 409 already_exists, 413 too_large, 429 resource_exhausted, 503 failed_precondition, 504 deadline_exceeded,
// other 4xx invalid_argument, other 5xx internal.
Error error_of_answer(int status, std::string_view body, std::string_view retry_after);
// The same for an error that arrives inside a stream of events; nullopt if `data` is none.
std::optional<Error> error_of_event(std::string_view data);

// Keeps its connection between requests. One thread.
class Client {
 public:
  explicit Client(Endpoint endpoint);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // unavailable: nothing listens, or it went away midway; permission_denied: somebody else's socket; deadline_exceeded;
  // what error_of_answer says for an answer of 400 and above; what on_data says.
  Result<Response> send(const Request& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What to do where nothing listens at `socket`.
std::string how_to_start(std::string_view socket);

}  // namespace hearth::tool
