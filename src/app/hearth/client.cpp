#include "client.h"

#include "json.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace hearth::tool {
namespace {

constexpr std::size_t kErrorBodyLimit = 1U << 20U;
constexpr std::size_t kBodyLimit = 1U << 30U;

struct CurlFree {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  void operator()(curl_mime* mime) const noexcept { curl_mime_free(mime); }
};
using Easy = std::unique_ptr<CURL, CurlFree>;
using HeaderList = std::unique_ptr<curl_slist, CurlFree>;
using Mime = std::unique_ptr<curl_mime, CurlFree>;

// One transfer: what curl's callbacks fill in.
struct Transfer {
  const Request& request;
  CURL* handle;
  Response response;
  std::optional<Error> stopped_by;
  bool header_told = false;
};

Result<void> take(Transfer& t, std::string_view data) {
  if (t.response.status < 300 && t.request.on_data) return t.request.on_data(data);
  const std::size_t limit = t.response.status < 300 ? kBodyLimit : kErrorBodyLimit;
  if (t.response.body.size() + data.size() > limit)
    return fail(Errc::too_large, fmt::format("The answer is larger than {} bytes", limit));
  t.response.body += data;
  return {};
}

extern "C" std::size_t hearth_tool_on_body(char* data, std::size_t size, std::size_t count, void* self) {
  Transfer& t = *static_cast<Transfer*>(self);
  if (const auto taken = take(t, {data, size * count}); !taken) {
    t.stopped_by = taken.error();
    return 0;
  }
  return size * count;
}

extern "C" std::size_t hearth_tool_on_header(char* data, std::size_t size, std::size_t count, void* self) {
  Transfer& t = *static_cast<Transfer*>(self);
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    t.response.headers.clear();
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    line.remove_prefix(colon + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    t.response.headers[name] = line;
  } else if (line.empty()) {
    long status = 0;
    curl_easy_getinfo(t.handle, CURLINFO_RESPONSE_CODE, &status);
    t.response.status = static_cast<int>(status);
    if (status >= 200 && t.request.on_header) t.request.on_header(t.response.headers);
  }
  return size * count;
}

extern "C" int hearth_tool_on_progress(void* self, curl_off_t, curl_off_t, curl_off_t total, curl_off_t sent) {
  const Transfer& t = *static_cast<Transfer*>(self);
  if (t.request.on_upload)
    t.request.on_upload(static_cast<std::uint64_t>(std::max<curl_off_t>(0, sent)),
                        static_cast<std::uint64_t>(std::max<curl_off_t>(0, total)));
  return 0;
}

extern "C" std::size_t hearth_tool_read_stdin(char* buffer, std::size_t size, std::size_t count, void*) {
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, size * count);
    if (n < 0 && errno == EINTR) continue;
    return n < 0 ? CURL_READFUNC_ABORT : static_cast<std::size_t>(n);
  }
}

Result<Mime> make_form(CURL* handle, const std::vector<FormPart>& parts) {
  Mime mime(curl_mime_init(handle));
  for (const FormPart& part : parts) {
    curl_mimepart* p = curl_mime_addpart(mime.get());
    curl_mime_name(p, part.name.c_str());
    CURLcode rc = CURLE_OK;
    switch (part.kind) {
      case FormPart::Kind::field:
      case FormPart::Kind::bytes:
        rc = curl_mime_data(p, part.value.data(), part.value.size());
        break;
      case FormPart::Kind::file:
        rc = curl_mime_filedata(p, part.value.c_str());
        break;
      case FormPart::Kind::stdin_stream:
        rc = curl_mime_data_cb(p, -1, hearth_tool_read_stdin, nullptr, nullptr, nullptr);
        break;
    }
    if (rc != CURLE_OK) return fail(Errc::invalid_argument, fmt::format("Can't read {}", part.value));
    if (part.kind != FormPart::Kind::field)
      curl_mime_filename(p, part.file_name.empty() ? "file" : part.file_name.c_str());
  }
  return mime;
}

// Why can't the socket be reached? curl tells too little, so it is asked once more.
int socket_errno(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int err = rc == 0 ? 0 : errno;
  ::close(fd);
  return err;
}

Error cannot_connect(const Endpoint& endpoint, const char* curl_says) {
  if (endpoint.socket.empty())
    return Error(Errc::unavailable, fmt::format("Can't reach {}: {}", endpoint.base_url, curl_says));
  const int err = socket_errno(endpoint.socket);
  if (err == EACCES || err == EPERM)
    return Error(Errc::permission_denied,
                 fmt::format("{} belongs to another user. Run this as that user (sudo hearth …), or use the "
                             "box's address with a key: --url http://127.0.0.1:8420 --key KEY",
                             endpoint.socket));
  if (err == ENAMETOOLONG)
    return Error(Errc::failed_precondition,
                 fmt::format("{} is too long for the path of a socket; choose a shorter data folder", endpoint.socket));
  return Error(Errc::unavailable, fmt::format("hearthd is not running: nothing listens on {}.\n{}", endpoint.socket,
                                              how_to_start(endpoint.socket)));
}

Error broken_transfer(const Endpoint& endpoint, CURLcode rc, const char* curl_says, const Request& request) {
  const std::string where = endpoint.socket.empty() ? endpoint.base_url : "hearthd";
  switch (rc) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return cannot_connect(endpoint, curl_says);
    case CURLE_OPERATION_TIMEDOUT:
      return Error(Errc::deadline_exceeded, fmt::format("{} has not answered {} {} within {} s", where, request.method,
                                                        request.path, request.seconds.value_or(0)));
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
      return Error(
          Errc::unavailable,
          fmt::format("{} went away before the answer was complete. See `hearth status`, and `hearth logs` for "
                      "what happened",
                      where));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
      return Error(Errc::permission_denied, fmt::format("No trusted TLS connection to {}: {}", where, curl_says));
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error(Errc::invalid_argument,
                   fmt::format("'{}' is not the URL of a box; write it like http://box.local:8420", endpoint.base_url));
    case CURLE_READ_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
      return Error(Errc::io_error, "The input can't be read to its end");
    default:
      return Error(Errc::io_error, fmt::format("Talking to {} failed: {}", where, curl_says));
  }
}

Errc kind_of_status(int status) {
  switch (status) {
    case 401:
      return Errc::unauthenticated;
    case 403:
      return Errc::permission_denied;
    case 404:
      return Errc::not_found;
    case 409:
      return Errc::already_exists;
    case 413:
      return Errc::too_large;
    case 408:
    case 504:
      return Errc::deadline_exceeded;
    case 429:
      return Errc::resource_exhausted;
    case 502:
      return Errc::protocol_error;
    case 503:
      return Errc::failed_precondition;
    default:
      return status >= 500 ? Errc::internal : Errc::invalid_argument;
  }
}

// DIR/run is where --data DIR has its sockets.
std::string command_for(std::string_view socket) {
  const std::filesystem::path run = std::filesystem::path(socket).parent_path();
  return run.filename() == "run" ? "hearthd --data " + run.parent_path().string() : "hearthd";
}

std::string code_of_answer(std::string_view body) {
  const auto parsed = json::parse(body);
  return parsed ? json::text(json::field(*parsed, "error"), "code") : std::string();
}

}  // namespace

std::string how_to_start(std::string_view socket) {
  std::error_code ec;
  const bool systemd = std::filesystem::exists("/run/systemd/system", ec);
  const bool of_system = socket.starts_with("/run/hearth/");
  std::string text;
  if (of_system && systemd) {
    text = "Start it: systemctl start hearth   (from a source tree: make up; by hand: hearthd)";
  } else if (of_system) {
    text = "Start it: hearthd   (from a source tree: make up)";
  } else {
    text = "Start it: " + command_for(socket) + "   (from a source tree: make up)";
  }
  if (!of_system && std::filesystem::exists("/run/hearth/hearth.sock", ec))
    text += "\nThe system's own hearthd is there: sudo hearth …, or --url http://127.0.0.1:8420 --key KEY";
  return text;
}

Error error_of_answer(int status, std::string_view body, std::string_view retry_after) {
  const auto parsed = json::parse(body);
  std::string message = parsed ? json::text(json::field(*parsed, "error"), "message") : std::string();
  if (message.empty()) message = fmt::format("The box answered with HTTP status {} and no explanation", status);
  if (message.size() > 4000) message.resize(4000);
  if (status == 401) message += " Give one with --key or HEARTH_API_KEY.";
  if (!retry_after.empty() && (status == 429 || status == 503))
    message += fmt::format(" (Try again in {} s.)", retry_after.substr(0, 8));
  return Error(kind_of_status(status), message);
}

std::optional<Error> error_of_event(std::string_view data) {
  if (data.find("\"error\"") == std::string_view::npos) return std::nullopt;
  const auto parsed = json::parse(data);
  if (!parsed || !json::field(*parsed, "error").is_object()) return std::nullopt;
  const json::value& error = json::field(*parsed, "error");
  const std::string type = json::text(error, "type");
  const int status = type == "invalid_request_error" ? 400 : type == "service_unavailable" ? 503 : 500;
  return error_of_answer(status, data, {});
}

struct Client::Impl {
  explicit Impl(Endpoint e) : endpoint(std::move(e)), handle(curl_easy_init()) {}
  Endpoint endpoint;
  Easy handle;
};

Client::Client(Endpoint endpoint) : impl_(std::make_unique<Impl>(std::move(endpoint))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Response> Client::send(const Request& request) {
  CURL* h = impl_->handle.get();
  if (h == nullptr) return fail(Errc::internal, "libcurl can't be initialised");
  const Endpoint& endpoint = impl_->endpoint;
  curl_easy_reset(h);  // options only; the connection stays

  Transfer transfer{request, h, {}, std::nullopt};
  const std::string url = (endpoint.socket.empty() ? endpoint.base_url : "http://localhost") + request.path;
  if (!endpoint.socket.empty()) curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, endpoint.socket.c_str());
  curl_easy_setopt(h, CURLOPT_URL, url.c_str());
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, 10'000L);
  if (request.seconds) curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, static_cast<long>(*request.seconds * 1000));
  curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
  // A box on the LAN is reached directly; a proxy of the environment is for the world outside.
  if (!endpoint.socket.empty()) curl_easy_setopt(h, CURLOPT_PROXY, "");
  char curl_error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, curl_error);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, hearth_tool_on_body);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, hearth_tool_on_header);
  curl_easy_setopt(h, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, hearth_tool_on_progress);
  curl_easy_setopt(h, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(h, CURLOPT_USERAGENT, "hearth/" HEARTH_VERSION);

  HeaderList headers;
  const auto add_header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) return;
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  add_header("Expect:");  // asking first would only cost a round trip
  if (!endpoint.key.empty()) add_header("Authorization: Bearer " + endpoint.key);
  if (endpoint.anew) add_header("Cache-Control: no-store");
  Mime form;
  if (!request.form.empty()) {
    HEARTH_TRY_ASSIGN(form, make_form(h, request.form));
    curl_easy_setopt(h, CURLOPT_MIMEPOST, form.get());
  } else if (!request.json.empty()) {
    add_header("Content-Type: application/json");
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.json.size()));
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.json.c_str());
  } else if (request.method == "POST") {
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, 0L);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, "");
  }
  if (request.method == "DELETE") curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, "DELETE");
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.get());

  const CURLcode rc = curl_easy_perform(h);
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, nullptr);
  if (transfer.stopped_by) return std::unexpected(*transfer.stopped_by);
  Response& response = transfer.response;
  // An error that was said in full counts, even if the connection broke while the body was still on its way out.
  if (response.status >= 400 && (rc == CURLE_OK || !response.body.empty())) {
    if (request.on_error_code) request.on_error_code(code_of_answer(response.body));
    return std::unexpected(error_of_answer(response.status, response.body, response.headers["retry-after"]));
  }
  if (rc != CURLE_OK)
    return std::unexpected(
        broken_transfer(endpoint, rc, curl_error[0] != '\0' ? curl_error : curl_easy_strerror(rc), request));
  if (response.status < 200 || response.status >= 300)
    return std::unexpected(error_of_answer(response.status, response.body, {}));
  return std::move(response);
}

}  // namespace hearth::tool
