#include "peers.h"

#include "load.h"

#include <hearth/hardware/memory.h>

#include <fmt/format.h>

namespace hearth::bench {

namespace fs = std::filesystem;

namespace {

constexpr Seconds kStart{60};
constexpr std::size_t kMaxLog = 16U << 20U;

std::vector<std::string> pinned(int core, std::vector<std::string> command) {
  std::vector<std::string> all{"/usr/bin/taskset", "-c", fmt::format("{}", core)};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

std::unexpected<Error> with_log(const Error& error, const fs::path& log) {
  const auto text = read_file(log, kMaxLog);
  return fail(error.wrap(fmt::format("its log: {}", text ? *text : std::string("none"))));
}

// Until a request is answered.
Result<void> wait_for(const Process& process, const Target& target, const fs::path& log) {
  const Deadline deadline = Deadline::in(kStart);
  for (;;) {
    const auto answered = idle_connections(target, Request::whole(target, {}, Repeats::differ), 1);
    if (answered) return {};
    if (!process.alive() || deadline.passed()) return with_log(answered.error(), log);
    let_pass(Millis(20));
  }
}

Result<Peer> start(const Place& place, Target target, Target streaming, std::vector<std::string> command,
                   const std::vector<std::string>& environment = {}) {
  const fs::path log = place.folder / (target.name + ".log");
  HEARTH_TRY_ASSIGN(Process process, Process::start(pinned(place.gateway_core, std::move(command)), log, environment));
  HEARTH_TRY(wait_for(process, target, log));
  return Peer{std::move(target), std::move(streaming), std::make_unique<Process>(std::move(process))};
}

Result<void> need(const fs::path& program, std::string_view package) {
  std::error_code ec;
  if (fs::exists(program, ec)) return {};
  return fail(Errc::failed_precondition, fmt::format("{} is missing: install {}", program.string(), package));
}

// One worker that keeps connections to the upstream open, has room in memory for the largest bodies, and logs nothing.
// Whole answers are buffered, as is its habit; streams have a listener of their own that does not.
constexpr std::string_view kNginx = R"(daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log crit;
worker_processes 1;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  client_body_buffer_size 256k;
  client_max_body_size 64m;
  proxy_buffers 16 16k;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_read_timeout 300s;
  upstream mock {{
    server 127.0.0.1:{upstream};
    keepalive 1024;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://mock; }}
  }}
  server {{
    listen 127.0.0.1:{streams} backlog=4096;
    location / {{ proxy_pass http://mock; proxy_buffering off; }}
  }}
}}
)";

constexpr std::string_view kHaproxy = R"(global
  nbthread 1
  maxconn 8192
  tune.bufsize 32768
defaults
  mode http
  no log
  option http-keep-alive
  option http-no-delay
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
frontend front
  bind 127.0.0.1:{port} backlog 4096
  default_backend mock
backend mock
  server mock 127.0.0.1:{upstream} pool-max-conn 1024 pool-purge-delay 600s
)";

// The upstream is two to it: a machine on the LAN, and a provider. Budgets and prices are there to be reckoned with.
constexpr std::string_view kHearth = R"(server:
  auth: required
  connections: 4096
providers:
  lan-box:
    url: http://127.0.0.1:{upstream}/v1
    sees: personal
    lan: true
    models: [bench]
    concurrency: 10000
  far:
    url: http://127.0.0.1:{upstream}/v1
    sees: personal
    models: [bench-far]
    concurrency: 10000
budgets:
  limits:
    - each key 1000000 USD per day
    - box 1000000000000 tokens per day
  prices:
    - lan-box/bench input 1 output 2 USD
    - far/bench-far input 1 output 2 USD
)";

Result<std::string> make_key(const Place& place, const fs::path& data) {
  const fs::path log = place.folder / "key";
  HEARTH_TRY(run({(place.build / "bin/hearth").string(), "--data", data.string(), "keys", "new", "bench"}, log));
  HEARTH_TRY_ASSIGN(const std::string said, read_file(log, kMaxLog));
  const auto at = said.find("hearth_");
  if (at == std::string::npos) return fail(Errc::protocol_error, fmt::format("`hearth keys new` said: {}", said));
  return said.substr(
      at, said.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", at) - at);
}

}  // namespace

double Peer::memory() const {
  return process ? static_cast<double>(hardware::tree_memory(process->pid())) : 0;
}

Result<Process> start_upstream(Place& place) {
  HEARTH_TRY_ASSIGN(place.upstream, free_port());
  const fs::path log = place.folder / "upstream.log";
  HEARTH_TRY_ASSIGN(Process process,
                    Process::start({(place.build / "bench/bench-upstream").string(), "--port",
                                    fmt::format("{}", place.upstream), "--core", fmt::format("{}", place.load_core)},
                                   log));
  HEARTH_TRY(wait_for(process, direct(place).target, log));
  return process;
}

Peer direct(const Place& place) {
  const Target target{.name = "the upstream itself", .port = place.upstream, .fields = {}};
  return {target, target, nullptr};
}

Result<Peer> start_nginx(const Place& place) {
  HEARTH_TRY(need("/usr/sbin/nginx", "nginx-light"));
  HEARTH_TRY_ASSIGN(const std::uint16_t port, free_port());
  HEARTH_TRY_ASSIGN(const std::uint16_t streams, free_port());
  const fs::path file = place.folder / "nginx.conf";
  HEARTH_TRY(write_file_atomic(
      file, fmt::format(kNginx, fmt::arg("folder", place.folder.string()), fmt::arg("upstream", place.upstream),
                        fmt::arg("port", port), fmt::arg("streams", streams))));
  return start(place, {.name = "nginx", .port = port, .fields = {}}, {.name = "nginx", .port = streams, .fields = {}},
               {"/usr/sbin/nginx", "-p", place.folder.string(), "-c", file.string()});
}

Result<Peer> start_haproxy(const Place& place) {
  HEARTH_TRY(need("/usr/sbin/haproxy", "haproxy"));
  HEARTH_TRY_ASSIGN(const std::uint16_t port, free_port());
  const fs::path file = place.folder / "haproxy.cfg";
  HEARTH_TRY(
      write_file_atomic(file, fmt::format(kHaproxy, fmt::arg("upstream", place.upstream), fmt::arg("port", port))));
  const Target target{.name = "haproxy", .port = port, .fields = {}};
  return start(place, target, target, {"/usr/sbin/haproxy", "-f", file.string()});
}

Result<Peer> start_portkey(const Place& place) {
  const fs::path program = place.portkey / "node_modules/@portkey-ai/gateway/build/start-server.js";
  HEARTH_TRY(need(program, "what bench/gateway/portkey/package-lock.json pins (tools/bench-gateway does)"));
  HEARTH_TRY_ASSIGN(const std::uint16_t port, free_port());
  const Target target{.name = "Portkey",
                      .port = port,
                      .fields = fmt::format("x-portkey-provider: openai\r\nx-portkey-custom-host: "
                                            "http://127.0.0.1:{}/v1\r\nAuthorization: Bearer bench\r\n",
                                            place.upstream)};
  return start(place, target, target,
               {"/usr/bin/env", "node", program.string(), fmt::format("--port={}", port), "--headless"},
               {"TRUSTED_CUSTOM_HOSTS=127.0.0.1"});
}

Result<Peer> start_proxy(const Place& place, const std::string& mode) {
  HEARTH_TRY_ASSIGN(const std::uint16_t port, free_port());
  const Target target{.name = "proxy, " + mode, .port = port, .fields = {}};
  return start(
      place, target, target,
      {(place.build / "bench/bench-proxy").string(), "--port", fmt::format("{}", port), "--upstream",
       fmt::format("{}", place.upstream), "--mode", mode, "--ledger", (place.folder / ("ledger-" + mode)).string()});
}

Result<Peer> start_hearth(const Place& place) {
  const fs::path data = place.folder / "hearth";
  std::error_code ec;
  fs::create_directories(data, ec);
  HEARTH_TRY(write_file_atomic(data / "hearth.yaml", fmt::format(kHearth, fmt::arg("upstream", place.upstream))));
  const fs::path notify = place.folder / "notify";
  const fs::path log = place.folder / "hearthd.log";
  HEARTH_TRY_ASSIGN(const ReadySocket ready, ReadySocket::create(notify));
  HEARTH_TRY_ASSIGN(const std::uint16_t port, free_port());
  HEARTH_TRY_ASSIGN(
      Process process,
      Process::start(pinned(place.gateway_core, {(place.build / "bin/hearthd").string(), "--data", data.string(),
                                                 "--listen", fmt::format("127.0.0.1:{}", port)}),
                     log, {"NOTIFY_SOCKET=" + notify.string(), "HEARTH_LOG_LEVEL=warn"}));
  const auto is_ready = ready.wait(Deadline::in(kStart));
  if (!is_ready) return with_log(is_ready.error(), log);
  HEARTH_TRY_ASSIGN(const std::string key, make_key(place, data));
  const Target target{.name = "hearthd", .port = port, .fields = fmt::format("Authorization: Bearer {}\r\n", key)};
  HEARTH_TRY(wait_for(process, target, log));
  return Peer{target, target, std::make_unique<Process>(std::move(process))};
}

}  // namespace hearth::bench
