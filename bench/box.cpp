#include "box.h"

#include <hearth/hardware/machine.h>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace hearth::bench {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr Seconds kStart{60};
constexpr std::size_t kMaxLog = 16U << 20U;

Result<json::object> get_object(const net::Endpoint& from, std::string target) {
  HEARTH_TRY_ASSIGN(const Reply reply, ask(from, {std::move(target), "", "", "GET"}));
  boost::system::error_code ec;
  json::value value = json::parse(reply.body, ec);
  if (ec || !value.is_object()) return fail(Errc::protocol_error, "hearthd's answer is no JSON object");
  return std::move(value.as_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

double number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<double>();
}

std::unexpected<Error> with_log(const Error& error, const fs::path& log) {
  const auto text = read_file(log, kMaxLog);
  return fail(error.wrap(fmt::format("its log: {}", text ? *text : std::string("none"))));
}

Result<void> wait_for_health(const Process& process, const net::Endpoint& at) {
  const Deadline deadline = Deadline::in(kStart);
  for (;;) {
    const auto answer = ask(at, {"/health", "", "", "GET"});
    if (answer) return {};
    if (!process.alive() || deadline.passed()) return fail(answer.error());
    let_pass(Millis(5));
  }
}

// What the manifest's line "data:" names.
Result<fs::path> model_folder(const fs::path& pack) {
  HEARTH_TRY_ASSIGN(const std::string manifest, read_file(pack / "engine.yaml", kMaxLog));
  constexpr std::string_view kKey = "\ndata: ";
  const std::size_t at = manifest.find(kKey);
  if (at == std::string::npos) return fail(Errc::corrupt, fmt::format("{}/engine.yaml has no data", pack.string()));
  const std::size_t from = at + kKey.size();
  return pack / manifest.substr(from, manifest.find('\n', from) - from);  // an absolute path stands alone
}

}  // namespace

Result<Box> Box::start(const fs::path& build) {
  HEARTH_TRY_ASSIGN(TemporaryFolder folder, TemporaryFolder::create());
  Box box(std::move(folder), build);
  const fs::path notify = box.folder_.path() / "notify";
  const fs::path log = box.folder_.path() / "log";
  HEARTH_TRY_ASSIGN(const ReadySocket ready, ReadySocket::create(notify));
  const SteadyTime began = steady_now();
  HEARTH_TRY_ASSIGN(
      Process process,
      Process::start(
          {(build / "bin/hearthd").string(), "--data", (box.folder_.path() / "d").string(), "--listen", "127.0.0.1:0"},
          log,
          {"NOTIFY_SOCKET=" + notify.string(), "HEARTH_CACHE_ENABLED=false", "HEARTH_EGRESS_ALLOW=deb.debian.org"}));
  box.process_ = std::make_unique<Process>(std::move(process));
  const auto is_ready = ready.wait(Deadline::in(kStart));
  box.seconds_to_ready_ = seconds_between(began, steady_now());
  if (!is_ready) return with_log(is_ready.error(), log);
  HEARTH_TRY_ASSIGN(const json::object status, get_object(box.admin(), "/admin/status"));
  const std::string url = text_of(status, "url");  // http://127.0.0.1:PORT
  box.api_.address = "127.0.0.1";
  box.api_.port = static_cast<std::uint16_t>(std::strtoul(url.substr(url.rfind(':') + 1).c_str(), nullptr, 10));
  return box;
}

net::Endpoint Box::admin() const {
  net::Endpoint endpoint;
  endpoint.unix_path = folder_.path() / "d/run/admin.sock";
  endpoint.label = "hearthd";
  return endpoint;
}

Result<Box::Engine> Box::engine(std::string_view name) const {
  HEARTH_TRY_ASSIGN(const json::object answer, get_object(admin(), "/admin/engines"));
  const json::value* list = answer.if_contains("data");
  if (list != nullptr && list->is_array()) {
    for (const json::value& one : list->as_array()) {
      if (!one.is_object() || text_of(one.as_object(), "name") != name) continue;
      return Engine{static_cast<pid_t>(number_of(one.as_object(), "pid")), number_of(one.as_object(), "memory")};
    }
  }
  return fail(Errc::not_found, fmt::format("hearthd has no engine '{}'", name));
}

Result<void> Box::stop_engine(std::string_view name) const {
  HEARTH_TRY(ask(admin(), {fmt::format("/admin/engines/{}/stop", name), "", "", "POST"}));
  const Deadline deadline = Deadline::in(kStart);
  while (!deadline.passed()) {
    HEARTH_TRY_ASSIGN(const Engine now, engine(name));
    if (now.pid == 0) return {};
    let_pass(Millis(5));
  }
  return fail(Errc::deadline_exceeded, fmt::format("the engine '{}' does not stop", name));
}

net::Endpoint Box::engine_socket(std::string_view name) const {
  net::Endpoint endpoint;
  endpoint.unix_path = folder_.path() / "d/run/engines" / name / "engine.sock";
  endpoint.label = "the engine";
  return endpoint;
}

Result<void> Box::hearth(const std::vector<std::string>& args) const {
  std::vector<std::string> command{(build_ / "bin/hearth").string(), "--data", (folder_.path() / "d").string()};
  command.insert(command.end(), args.begin(), args.end());
  return run(command, folder_.path() / "hearth.log");
}

Result<std::string> Box::version() const {
  HEARTH_TRY_ASSIGN(const json::object status, get_object(admin(), "/admin/status"));
  return text_of(status, "version");
}

Result<LoneEngine> LoneEngine::start(const fs::path& build, std::string_view name) {
  HEARTH_TRY_ASSIGN(TemporaryFolder folder, TemporaryFolder::create());
  LoneEngine engine(std::move(folder));
  const fs::path pack = build / "engines" / name;
  HEARTH_TRY_ASSIGN(const fs::path data, model_folder(pack));
  const fs::path scratch = engine.folder_.path() / "scratch";
  std::error_code ec;
  fs::create_directory(scratch, ec);
  const fs::path log = engine.folder_.path() / "log";
  HEARTH_TRY_ASSIGN(Process process,
                    Process::start({(pack / fmt::format("hearth-{}", name)).string(), "--socket",
                                    engine.endpoint().unix_path.string(), "--data", data.string(), "--scratch",
                                    scratch.string(), "--threads", fmt::format("{}", hardware::usable_cpus())},
                                   log));
  engine.process_ = std::make_unique<Process>(std::move(process));
  const auto healthy = wait_for_health(*engine.process_, engine.endpoint());
  if (!healthy) return with_log(healthy.error(), log);
  return engine;
}

net::Endpoint LoneEngine::endpoint() const {
  net::Endpoint endpoint;
  endpoint.unix_path = folder_.path() / "s";
  endpoint.label = "the engine";
  return endpoint;
}

}  // namespace hearth::bench
