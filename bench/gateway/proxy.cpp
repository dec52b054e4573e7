// The smallest gateway that could be: Hearth's own HTTP server and client with a JSON body read for its model between
// them, and an egress ledger in one of several ways. `make bench-gateway` has it beside hearthd: what hearthd needs
// more is the price of its own work, what this needs more than nginx is the price of the parts. What it decided stands
// in docs/decisions/0001-threading-and-durability.md.
#include <hearth/core/clock.h>
#include <hearth/core/file.h>
#include <hearth/dialects/chat.h>
#include <hearth/net/client.h>
#include <hearth/net/server.h>
#include <hearth/store/store_thread.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace hearth;
namespace asio = net::asio;

constexpr Seconds kPatience{300};
constexpr std::size_t kMaxBody = 64U << 20U;
constexpr std::size_t kPart = 16 * 1024;
constexpr std::size_t kAtOnce = 4096;  // connections
constexpr int kKeptFree = 2 * 1024 * 1024;

enum class Mode {
  none,        // no record
  file,        // a line appended to a file before the request leaves, synced by another thread every 100 ms
  background,  // a row in SQLite, committed and synced in groups while the request goes on
  full,        // the request leaves when its row is committed and synced
};

struct Record {
  std::int64_t time;
  std::string model;
  std::uint64_t bytes;
};

// Appends with write(2) from the I/O thread, which copies into the page cache; the disk is waited for elsewhere.
class FileLedger {
 public:
  explicit FileLedger(const std::string& path) : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)) {
    thread_ = std::thread([this] { sync_now_and_then(); });
  }
  ~FileLedger() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  FileLedger(const FileLedger&) = delete;
  FileLedger& operator=(const FileLedger&) = delete;
  [[nodiscard]] bool add(const Record& record) const {
    const std::string line = fmt::format("{} {} {}\n", record.time, record.model, record.bytes);
    return ::write(fd_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
  }

 private:
  void sync_now_and_then() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, Millis(100), [this] { return stopping_; })) {
      lock.unlock();
      ::fdatasync(fd_.get());
      lock.lock();
    }
  }
  Fd fd_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

constexpr std::array<std::string_view, 1> kTables{
    "CREATE TABLE ledger (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, model TEXT NOT NULL, bytes INTEGER NOT NULL) "
    "STRICT"};

class Proxy {
 public:
  Proxy(asio::io_context& io, Mode mode, std::uint16_t upstream, std::unique_ptr<store::StoreThread> store,
        std::unique_ptr<FileLedger> file)
      : mode_(mode),
        store_(std::move(store)),
        file_(std::move(file)),
        client_(io.get_executor(), endpoint_of(upstream), limits()) {}

  net::awaitable<void> handle(net::Exchange& exchange) {
    auto bytes = co_await exchange.read_all(kMaxBody);
    if (!bytes) co_return;
    const dialects::JsonBody body(std::move(*bytes));
    const auto head = dialects::decode_chat_head(body);
    if (!head) {
      [[maybe_unused]] const auto refused = co_await exchange.respond(400, {}, "no chat request");
      co_return;
    }
    exchange.watch_client();
    const dialects::SplicedBody sent = dialects::splice_string(body.view(), head->model_at, "bench");
    const auto recorded = co_await record({wall_now().time_since_epoch().count(), head->model, sent.size()});
    if (!recorded) co_return;
    co_await forward(exchange, sent);
  }

 private:
  static net::Endpoint endpoint_of(std::uint16_t port) {
    net::Endpoint endpoint;
    endpoint.address = "127.0.0.1";
    endpoint.port = port;
    return endpoint;
  }
  static net::ClientLimits limits() {
    net::ClientLimits limits;
    limits.idle_connections = kAtOnce;
    return limits;
  }

  net::awaitable<Result<void>> record(Record record) {
    switch (mode_) {
      case Mode::none:
        break;
      case Mode::file:
        if (!file_->add(record)) co_return fail(Errc::io_error, "the ledger cannot be written");
        break;
      case Mode::background:
        store_->submit(insert(std::move(record)), [](const Result<void>&) {});
        break;
      case Mode::full: {
        auto start = [this, work = insert(std::move(record))](auto done) mutable {
          store_->submit(std::move(work), std::move(done));
        };
        co_return co_await net::from_callback<void>(std::move(start));
      }
    }
    co_return Result<void>();
  }

  store::StoreThread::Work insert(Record record) {
    return [this, record = std::move(record)](store::Connection& connection) -> Result<void> {
      if (!insert_) {
        HEARTH_TRY_ASSIGN(insert_, connection.prepare("INSERT INTO ledger (time, model, bytes) VALUES (?1, ?2, ?3)"));
      }
      insert_->reset();
      HEARTH_TRY(insert_->bind(record.time, record.model, record.bytes));
      HEARTH_TRY(insert_->step());
      return {};
    };
  }

  net::awaitable<void> forward(net::Exchange& exchange, const dialects::SplicedBody& body) {
    net::RequestHead head{"POST", exchange.request().target, {{"Content-Type", "application/json"}}};
    const net::BodyParts parts{body.head, body.replacement, body.tail};
    auto call = co_await client_.send(std::move(head), parts, Deadline::in(kPatience));
    if (!call) co_return;
    const auto answer = co_await call->head();
    if (!answer) co_return;
    const auto type = answer->headers.get("Content-Type");
    net::Headers headers{{"Content-Type", std::string(type)}};
    if (!type.starts_with("text/event-stream")) {
      const auto whole = co_await call->read_all(kMaxBody);
      if (!whole) co_return;
      [[maybe_unused]] const auto written = co_await exchange.respond(answer->status, std::move(headers), *whole);
      co_return;
    }
    exchange.start(answer->status, std::move(headers));
    std::array<char, kPart> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): received into
    for (;;) {
      const auto n = co_await call->read_some(part);
      if (!n) co_return;
      if (*n == 0) break;
      const auto written = co_await exchange.write({part.data(), *n});
      if (!written) co_return;
    }
    [[maybe_unused]] const auto finished = co_await exchange.finish();
  }

  Mode mode_;
  std::optional<store::Statement> insert_;  // of the store thread
  std::unique_ptr<store::StoreThread> store_;
  std::unique_ptr<FileLedger> file_;
  net::HttpClient client_;
};

struct Options {
  std::uint16_t port = 0;
  std::uint16_t upstream = 0;
  std::string ledger;
  Mode mode = Mode::none;
};

Result<void> serve(const Options& options) {
  std::unique_ptr<store::StoreThread> store;
  std::unique_ptr<FileLedger> file;
  if (options.mode == Mode::background || options.mode == Mode::full) {
    HEARTH_TRY_ASSIGN(store, store::StoreThread::start(options.ledger, kTables));
  }
  if (options.mode == Mode::file) file = std::make_unique<FileLedger>(options.ledger);
  asio::io_context io(1);
  Proxy proxy(io, options.mode, options.upstream, std::move(store), std::move(file));
  net::ServerLimits limits;
  limits.connections = limits.connections_hard = kAtOnce;
  net::HttpServer server(
      io.get_executor(), limits,
      [](int, std::string_view, std::string_view message) {
        return net::ErrorPage{"text/plain", std::string(message)};
      },
      [&proxy](net::Exchange& exchange) { return proxy.handle(exchange); });
  HEARTH_TRY_ASSIGN(const net::ListenAddress address,
                    net::parse_listen_address(fmt::format("127.0.0.1:{}", options.port)));
  HEARTH_TRY(server.listen(address));
  io.run();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_TRIM_THRESHOLD, kKeptFree);  // as hearthd
  Options options;
  CLI::App app("The smallest gateway that could be");
  app.add_option("--port", options.port, "Listen on this port of 127.0.0.1")->required();
  app.add_option("--upstream", options.upstream, "The upstream's port on 127.0.0.1")->required();
  app.add_option("--ledger", options.ledger, "The ledger's file");
  app.add_option("--mode", options.mode, "none, file, background, full")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Mode>{
          {"none", Mode::none}, {"file", Mode::file}, {"background", Mode::background}, {"full", Mode::full}}));
  CLI11_PARSE(app, argc, argv);
  const auto served = serve(options);
  if (!served) {
    fmt::print(stderr, "bench-proxy: {}\n", served.error().describe());
    return 1;
  }
  return 0;
}
