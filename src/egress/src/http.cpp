#include <hearth/egress/http.h>

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

namespace hearth::egress {
namespace {

constexpr int kMaxRedirects = 5;
constexpr std::size_t kMaxErrorBody = 4096;       // of it is kept
constexpr std::size_t kMostUnwanted = 64 * 1024;  // of a body that is no success
constexpr Seconds kLongestUnwanted{5};            // and of its time
constexpr std::size_t kMostHead = 256 * 1024;     // of all heads of a transfer, redirects included
constexpr Seconds kLongestDocument{120};
constexpr Seconds kIdle{2};  // without a transfer, until connections are closed: what went over one is known then

struct CurlFree {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
struct MultiFree {  // CURL and CURLM are both void
  void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
};
using Url = std::unique_ptr<CURLU, CurlFree>;
using Multi = std::unique_ptr<CURLM, MultiFree>;

Multi make_multi(const HttpOptions& options) {
  Multi multi(curl_multi_init());
  if (!multi) return multi;
  curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options.connections));
  // Several ranges of one file over one HTTP/2 connection would share one window.
  curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  return multi;
}

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK || text == nullptr) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

// "https://host:443": what credentials belong to.
std::string origin_of(const std::string& text) {
  const Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
  return fmt::format("{}://{}:{}", url_part(url.get(), CURLUPART_SCHEME), url_part(url.get(), CURLUPART_HOST),
                     url_part(url.get(), CURLUPART_PORT));
}

bool is_https(std::string_view url) {
  return url.starts_with("https://");
}

// Those that libcurl uses, by its own descriptors for them: how it closes those is its own business.
using Connections = std::map<curl_socket_t, Connection>;

struct Transfer {
  std::uint64_t id = 0;
  HttpRequest request;
  Http::Done done;
  const HttpOptions* options = nullptr;
  std::unique_ptr<CURL, CurlFree> handle;
  std::unique_ptr<curl_slist, CurlFree> headers;
  std::array<char, CURL_ERROR_SIZE> curl_says{};
  std::string url;     // where it is now
  std::string origin;  // of the first URL
  int redirects = 0;
  ResponseHead head;
  bool head_told = false;
  Connection connection;  // given by options->connect, not yet taken by libcurl
  Connections* taken = nullptr;
  bool wants_connection = false;
  std::optional<Error> stopped_by;
  std::string error_body;
  std::size_t head_bytes = 0;
  std::size_t unwanted = 0;  // bytes of the present body, which is no success
  SteadyTime unwanted_since{};
  bool enough = false;  // what the present answer is about is known: the rest of its body is not waited for
  SteadyTime began = steady_now();
};

extern "C" std::size_t hearth_egress_on_header(char* data, std::size_t size, std::size_t count, void* self) {
  Transfer& t = *static_cast<Transfer*>(self);
  const std::string_view line(data, size * count);
  t.head_bytes += line.size();
  if (t.head_bytes > kMostHead) {
    t.stopped_by = Error(Errc::protocol_error, fmt::format("{} sends headers without an end", host_of(t.url)));
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    t.head.headers.clear();
  } else {
    t.head.headers.add(line);
  }
  return size * count;
}

Result<void> tell_head(Transfer& t) {
  if (t.head_told) return {};
  t.head_told = true;
  long status = 0;
  curl_easy_getinfo(t.handle.get(), CURLINFO_RESPONSE_CODE, &status);
  t.head.status = static_cast<int>(status);
  if (status >= 300 && status < 400) return {};
  if (t.request.on_head) return t.request.on_head(t.head);
  return {};
}

Result<void> take(Transfer& t, std::string_view data) {
  HEARTH_TRY(tell_head(t));
  if (t.head.status < 300) return t.request.on_data ? t.request.on_data(data) : Result<void>();
  t.error_body.append(data.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, t.error_body.size())));
  if (t.unwanted == 0) t.unwanted_since = steady_now();
  t.unwanted += data.size();
  t.enough = t.unwanted > kMostUnwanted || steady_now() - t.unwanted_since > kLongestUnwanted;
  return {};
}

extern "C" std::size_t hearth_egress_on_body(char* data, std::size_t size, std::size_t count, void* self) {
  Transfer& t = *static_cast<Transfer*>(self);
  if (const auto taken = take(t, {data, size * count}); !taken) {
    t.stopped_by = taken.error();
    return CURL_WRITEFUNC_ERROR;
  }
  if (t.enough) return CURL_WRITEFUNC_ERROR;
  return size * count;
}

// libcurl wants a connection, for it has none to this host that it could use again. One that is not at hand is asked
// for, and the transfer begun anew when it is there (Impl::connect).
extern "C" curl_socket_t hearth_egress_open_socket(void* self, curlsocktype, curl_sockaddr*) {
  Transfer& t = *static_cast<Transfer*>(self);
  if (!t.connection) {
    t.wants_connection = true;
    return CURL_SOCKET_BAD;
  }
  const int fd = ::fcntl(t.connection.fd(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return CURL_SOCKET_BAD;
  t.taken->insert_or_assign(fd, std::move(t.connection));
  return fd;
}

extern "C" int hearth_egress_close_socket(void* self, curl_socket_t fd) {
  const int closed = ::close(fd);
  static_cast<Connections*>(self)->erase(fd);
  return closed;
}

extern "C" int hearth_egress_socket_options(void*, curl_socket_t, curlsocktype) {
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

// A signed link is as good as a key: what follows the path is nobody's business.
std::string without_query(std::string_view url) {
  return std::string(url.substr(0, url.find_first_of("?#")));
}

Error curl_error(const Transfer& t, CURLcode rc) {
  const std::string host = host_of(t.url);
  const char* says = t.curl_says[0] != '\0' ? t.curl_says.data() : curl_easy_strerror(rc);
  switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Errc::unavailable, fmt::format("{} cannot be found: is this box on the net? ({})", host, says)};
    case CURLE_COULDNT_CONNECT:
      return {Errc::unavailable, fmt::format("{} cannot be reached ({})", host, says)};
    case CURLE_OPERATION_TIMEDOUT:
      return {Errc::unavailable, fmt::format("{} sends nothing any more ({})", host, says)};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return {Errc::permission_denied, fmt::format("{} has no certificate that this box trusts ({})", host, says)};
    case CURLE_URL_MALFORMAT:
      return {Errc::invalid_argument, fmt::format("\"{}\" is no URL that can be fetched", without_query(t.url))};
    case CURLE_UNSUPPORTED_PROTOCOL:  // the URL's is checked: it is the answer that has another
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_TOO_MANY_REDIRECTS:
      return {Errc::protocol_error, fmt::format("{} answered with something that is no HTTP ({})", host, says)};
    default:
      return {Errc::unavailable, fmt::format("the connection to {} broke ({})", host, says)};
  }
}

std::optional<Error> status_error(const Transfer& t) {
  const int status = t.head.status;
  const std::string host = host_of(t.url);
  if (status >= 200 && status < 300) return std::nullopt;
  if (status == 401 || status == 403)
    return Error(Errc::permission_denied,
                 fmt::format("{} refuses {} (HTTP {}): it is private or asks to accept its licence first", host,
                             without_query(t.url), status));
  if (status == 404 || status == 410)
    return Error(Errc::not_found, fmt::format("{} has no {} (HTTP {})", host, without_query(t.url), status));
  if (status == 429)
    return Error(Errc::resource_exhausted, fmt::format("{} has been asked too often (HTTP 429)", host));
  if (status >= 500 || status == 408)
    return Error(Errc::unavailable, fmt::format("{} is in trouble (HTTP {})", host, status));
  return Error(Errc::protocol_error, fmt::format("{} answered HTTP {} for {}", host, status, without_query(t.url)));
}

}  // namespace

bool is_loopback_host(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.rfind(':'));
  if (host == "localhost") return true;
  if (!host.starts_with("127.")) return false;
  return std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_loopback_url(std::string_view url) noexcept {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  return url.find('@') == std::string_view::npos && is_loopback_host(url);
}

std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

std::string resolve_url(const std::string& base, const std::string& link) {
  const Url url(curl_url());
  if (!url || link.empty() || link.size() > 8192) return {};
  if (curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return {};
  if (curl_url_set(url.get(), CURLUPART_URL, link.c_str(), CURLU_URLENCODE) != CURLUE_OK) return {};
  char* text = nullptr;
  if (curl_url_get(url.get(), CURLUPART_URL, &text, 0) != CURLUE_OK || text == nullptr) return {};
  std::string out(text);
  curl_free(text);
  return out.starts_with("http://") || out.starts_with("https://") ? out : std::string();
}

// Answers of options.connect, which may come when the Http is gone.
struct Arrivals {
  struct Arrival {
    std::uint64_t id = 0;
    Result<Connection> connection;
  };
  std::mutex mutex;
  CURLM* multi = nullptr;        // guarded by mutex; null: nobody waits any more
  std::vector<Arrival> arrived;  // guarded by mutex
};

struct Http::Impl {
  HttpOptions options;
  Connections connections;  // the thread's own; `multi`, which goes first, closes them
  Multi multi;              // the thread's own but for waking it, which is guarded by mutex
  std::unique_ptr<curl_slist, CurlFree> everywhere{curl_slist_append(nullptr, "::127.0.0.1:9")};
  std::mutex mutex;
  std::vector<std::unique_ptr<Transfer>> waiting;  // guarded by mutex
  std::vector<std::uint64_t> cancelled;            // guarded by mutex
  std::uint64_t next_id = 1;                       // guarded by mutex
  bool stopping = false;                           // guarded by mutex
  std::shared_ptr<Arrivals> arrivals = std::make_shared<Arrivals>();
  std::map<std::uint64_t, std::unique_ptr<Transfer>> running;  // the thread's own
  SteadyTime last_used = steady_now();                         // the thread's own
  std::thread thread;

  void run();
  void launch(std::unique_ptr<Transfer> transfer);
  void begin_on_handle(Transfer& t);
  void connect(Transfer& t);
  void take_arrivals();
  std::optional<Error> aim(Transfer& t);
  void finish(Transfer& t, CURLcode rc);
  bool redirect(Transfer& t);
  void end(std::uint64_t id, std::optional<Error> error);
  void wake();
  void close_idle();
};

void Http::Impl::wake() {
  const std::lock_guard lock(mutex);
  curl_multi_wakeup(multi.get());
}

// libcurl keeps them until it needs room: only without it do they go.
void Http::Impl::close_idle() {
  if (!running.empty()) last_used = steady_now();
  if (connections.empty() || steady_now() - last_used < kIdle) return;
  Multi fresh = make_multi(options);
  if (!fresh) return;
  {
    const std::scoped_lock lock(mutex, arrivals->mutex);
    multi.swap(fresh);
    arrivals->multi = multi.get();
  }
  fresh.reset();
  connections.clear();
}

// Sets the handle up for t.url.
std::optional<Error> Http::Impl::aim(Transfer& t) {
  if (!is_https(t.url) && !is_loopback_url(t.url) && t.request.plain == PlainHttp::loopback_only)
    return Error(Errc::permission_denied,
                 fmt::format("{} is not fetched over plain http, where anybody on the way can change it; use https, or "
                             "--insist if you know better",
                             t.url));
  CURL* h = t.handle.get();
  t.head = {};
  t.head_told = false;
  t.error_body.clear();
  t.unwanted = 0;
  t.enough = false;
  t.headers.reset();
  const auto add = [&](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(t.headers.get(), line.c_str()); longer != nullptr) {
      static_cast<void>(t.headers.release());
      t.headers.reset(longer);
    }
  };
  for (const std::string& line : t.request.headers) add(line);
  if (!t.request.bearer.empty() && origin_of(t.url) == t.origin) add("Authorization: Bearer " + t.request.bearer);
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, t.headers.get());
  curl_easy_setopt(h, CURLOPT_URL, t.url.c_str());
  // A proxy of the environment is for the world outside, and where connections are given, for who gives them.
  curl_easy_setopt(h, CURLOPT_PROXY, options.connect || is_loopback_url(t.url) ? "" : nullptr);
  return std::nullopt;
}

void Http::Impl::begin_on_handle(Transfer& t) {
  t.wants_connection = false;
  if (t.request.longest.count() > 0) {
    const auto left = t.request.longest - std::chrono::duration_cast<Millis>(steady_now() - t.began);
    curl_easy_setopt(t.handle.get(), CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(left.count())));
  }
  if (curl_multi_add_handle(multi.get(), t.handle.get()) != CURLM_OK)
    end(t.id, Error(Errc::internal, "libcurl takes no more transfers"));
}

// Asks for a connection to where the transfer is now.
void Http::Impl::connect(Transfer& t) {
  const Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, t.url.c_str(), 0) != CURLUE_OK)
    return end(t.id, curl_error(t, CURLE_URL_MALFORMAT));
  const std::string host = url_part(url.get(), CURLUPART_HOST);
  const auto port = static_cast<std::uint16_t>(std::strtoul(url_part(url.get(), CURLUPART_PORT).c_str(), nullptr, 10));
  Deadline deadline = Deadline::in(options.connect_time);
  if (t.request.longest.count() > 0) deadline = deadline.sooner_of(Deadline::at(t.began + t.request.longest));
  options.connect(host, port, deadline, [id = t.id, to = arrivals](Result<Connection> connection) {
    const std::lock_guard lock(to->mutex);
    if (to->multi == nullptr) return;
    to->arrived.push_back({id, std::move(connection)});
    curl_multi_wakeup(to->multi);
  });
}

void Http::Impl::take_arrivals() {
  std::vector<Arrivals::Arrival> arrived;
  {
    const std::lock_guard lock(arrivals->mutex);
    arrived.swap(arrivals->arrived);
  }
  for (auto& [id, connection] : arrived) {
    const auto found = running.find(id);
    if (found == running.end()) continue;
    Transfer& t = *found->second;
    if (!connection) {
      const Error& why = connection.error();
      const bool for_good =
          why.is(Errc::permission_denied) || why.is(Errc::invalid_argument) || why.is(Errc::cancelled);
      end(id, for_good ? why : Error(Errc::unavailable, why.describe()));
      continue;
    }
    t.connection = std::move(*connection);
    begin_on_handle(t);
  }
}

void Http::Impl::launch(std::unique_ptr<Transfer> transfer) {
  Transfer& t = *transfer;
  const std::uint64_t id = t.id;
  t.handle.reset(curl_easy_init());
  t.options = &options;
  t.taken = &connections;
  t.url = t.request.url;
  t.origin = origin_of(t.url);
  running.emplace(id, std::move(transfer));
  CURL* h = t.handle.get();
  if (h == nullptr) return end(id, Error(Errc::internal, "libcurl cannot make a transfer"));
  curl_easy_setopt(h, CURLOPT_PRIVATE, &t);
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, t.curl_says.data());
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
  if (!options.ca_file.empty()) curl_easy_setopt(h, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_time.count()));
  curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_time.count()));
  curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.stall_bytes));
  curl_easy_setopt(h, CURLOPT_BUFFERSIZE, 256L * 1024);
  curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(h, CURLOPT_USERAGENT, "hearth/" HEARTH_VERSION);
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, hearth_egress_on_header);
  curl_easy_setopt(h, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, hearth_egress_on_body);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &t);
  if (options.connect) {
    // libcurl looks no name up: whoever connects does. For it every host is at this address.
    curl_easy_setopt(h, CURLOPT_CONNECT_TO, everywhere.get());
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, hearth_egress_open_socket);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, &t);
    curl_easy_setopt(h, CURLOPT_SOCKOPTFUNCTION, hearth_egress_socket_options);
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, hearth_egress_close_socket);
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETDATA, &connections);
  }
  if (t.request.post) {
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.request.post->size()));
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, t.request.post->data());
  }
  if (auto refused = aim(t)) return end(id, std::move(refused));
  begin_on_handle(t);
}

// True: the transfer goes on elsewhere, or has been ended.
bool Http::Impl::redirect(Transfer& t) {
  if (t.head.status < 300 || t.head.status >= 400 || t.head.status == 304) return false;
  if (t.request.redirects == Redirects::refuse) return false;
  const std::string from = t.url;
  const std::string to = resolve_url(from, std::string(t.head.headers.get("location")));
  std::optional<Error> refused;
  if (to.empty()) {
    refused = Error(Errc::protocol_error, fmt::format("{} redirects to nowhere", host_of(from)));
  } else if (++t.redirects > kMaxRedirects) {
    refused = Error(Errc::protocol_error, fmt::format("{} redirects more than {} times", t.request.url, kMaxRedirects));
  } else if (is_https(from) && !is_https(to)) {
    refused = Error(
        Errc::permission_denied,
        fmt::format("{} redirects from https to plain http, to {}; that is not followed", host_of(from), host_of(to)));
  } else {
    t.url = to;
    refused = aim(t);
  }
  if (refused) {
    end(t.id, std::move(refused));
  } else {
    begin_on_handle(t);
  }
  return true;
}

void Http::Impl::finish(Transfer& t, CURLcode rc) {
  curl_multi_remove_handle(multi.get(), t.handle.get());
  t.connection.close();  // libcurl had another one after all; where the transfer goes next, this one does not lead
  if (t.wants_connection) return connect(t);
  if (t.stopped_by) return end(t.id, t.stopped_by);
  const bool refused = t.enough || (rc == CURLE_OPERATION_TIMEDOUT && t.head_told && t.head.status >= 300);
  if (rc != CURLE_OK && !refused) return end(t.id, curl_error(t, rc));
  // An answer without a body has told its head to nobody yet.
  if (const auto told = tell_head(t); !told) return end(t.id, told.error());
  if (redirect(t)) return;
  end(t.id, status_error(t));
}

void Http::Impl::end(std::uint64_t id, std::optional<Error> error) {
  const auto found = running.find(id);
  if (found == running.end()) return;
  const std::unique_ptr<Transfer> t = std::move(found->second);
  running.erase(found);
  if (t->handle) curl_multi_remove_handle(multi.get(), t->handle.get());
  HttpResult result;
  result.error = std::move(error);
  result.status = t->head.status;
  if (t->handle) {
    curl_easy_getinfo(t->handle.get(), CURLINFO_SIZE_UPLOAD_T, &result.sent);
    curl_easy_getinfo(t->handle.get(), CURLINFO_SIZE_DOWNLOAD_T, &result.received);
  }
  result.headers = std::move(t->head.headers);
  result.error_body = std::move(t->error_body);
  if (const auto seconds = parse_retry_after(result.headers.get("retry-after")))
    result.retry_after = Seconds(static_cast<std::int64_t>(*seconds));
  t->done(std::move(result));
}

void Http::Impl::run() {
  for (;;) {
    std::vector<std::unique_ptr<Transfer>> fresh;
    std::vector<std::uint64_t> dropped;
    bool stop = false;
    {
      const std::lock_guard lock(mutex);
      fresh.swap(waiting);
      dropped.swap(cancelled);
      stop = stopping;
    }
    for (auto& transfer : fresh) launch(std::move(transfer));
    take_arrivals();
    for (const std::uint64_t id : dropped) end(id, Error(Errc::cancelled, "the transfer was cancelled"));
    if (stop) {
      while (!running.empty()) end(running.begin()->first, Error(Errc::cancelled, "the transfer was cancelled"));
      return;
    }
    int still_running = 0;
    curl_multi_perform(multi.get(), &still_running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* t = nullptr;
      const CURLcode rc = message->data.result;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
      if (t != nullptr) finish(*t, rc);
    }
    close_idle();
    curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
}

Http::Http(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Http>> Http::start(HttpOptions options) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->multi = make_multi(impl->options);
  if (initialised != CURLE_OK || impl->multi == nullptr)
    return fail(Errc::internal, "libcurl cannot be initialised, so nothing can be downloaded");
  impl->arrivals->multi = impl->multi.get();
  impl->thread = std::thread([i = impl.get()] { i->run(); });
  return std::unique_ptr<Http>(new Http(std::move(impl)));
}

Http::~Http() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake();
  impl_->thread.join();
  const std::lock_guard lock(impl_->arrivals->mutex);
  impl_->arrivals->multi = nullptr;
}

std::uint64_t Http::begin(HttpRequest request, Done done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->request = std::move(request);
  transfer->done = std::move(done);
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    id = impl_->next_id++;
    transfer->id = id;
    impl_->waiting.push_back(std::move(transfer));
  }
  impl_->wake();
  return id;
}

void Http::cancel(std::uint64_t id) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->cancelled.push_back(id);
  }
  impl_->wake();
}

Http::Answer Http::get(HttpRequest request, std::size_t limit, const std::stop_token& stop) {
  Answer answer;
  std::mutex mutex;
  std::condition_variable ended;
  bool over = false;
  const std::string url = request.url;
  if (request.longest.count() == 0) request.longest = kLongestDocument;
  request.on_data = [&](std::string_view data) -> Result<void> {
    if (answer.body.size() + data.size() > limit)
      return fail(Errc::too_large, fmt::format("the answer of {} is longer than {} bytes", host_of(url), limit));
    answer.body.append(data);
    return {};
  };
  const std::uint64_t id = begin(std::move(request), [&](HttpResult result) {
    const std::lock_guard lock(mutex);
    answer.result = std::move(result);
    over = true;
    ended.notify_all();
  });
  const std::stop_callback on_stop(stop, [&] { cancel(id); });
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return over; });
  return answer;
}

}  // namespace hearth::egress
