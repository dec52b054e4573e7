#include "apt_repository.h"

#include <fmt/format.h>

#include <fstream>

namespace hearth::test {
namespace {

constexpr std::size_t kMaxFile = 64 << 20;

void write_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

std::string run_ok(std::vector<std::string> command, std::vector<std::pair<std::string, std::string>> environment) {
  environment.emplace_back("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
  const std::string name = command.front();
  const auto result = engines::run_tool({.command = std::move(command), .environment = std::move(environment)});
  if (!result) {
    ADD_FAILURE() << result.error().describe();
    return {};
  }
  EXPECT_TRUE(result->status.clean()) << name << ": " << result->errors;
  return result->output;
}

std::vector<fs::path> libraries_of(const std::string& program) {
  const std::string said = run_ok({"/usr/bin/ldd", program});
  std::vector<fs::path> found;
  for (std::size_t at = said.find('/'); at != std::string::npos; at = said.find('/', said.find('\n', at)))
    found.emplace_back(said.substr(at, said.find(' ', at) - at));
  return found;
}

AptRepository::AptRepository() {
  arch_ = run_ok({"/usr/bin/dpkg", "--print-architecture"});
  while (!arch_.empty() && arch_.back() == '\n') arch_.pop_back();
  make_key("owner", "owner.gpg");
  server_ = std::make_unique<net::HttpServer>(
      io_.get_executor(), net::ServerLimits(),
      [](int, std::string_view, std::string_view message) {
        return net::ErrorPage{"text/plain", std::string(message)};
      },
      [this](net::Exchange& exchange) { return answer(exchange); });
  const auto listening = server_->listen({"127.0.0.1", 0, {}});
  EXPECT_TRUE(listening);
  port_ = server_->port();
  thread_ = std::thread([this] { io_.run(); });
}

AptRepository::~AptRepository() {
  stop_serving();
  for (const char* home : {"owner", "stranger"}) {
    const fs::path path = folder_.path() / home;
    if (fs::exists(path)) run_ok({"/usr/bin/gpgconf", "--homedir", path.string(), "--kill", "gpg-agent"});
  }
}

void AptRepository::stop_serving() {
  if (!thread_.joinable()) return;
  boost::asio::co_spawn(io_, server_->stop(Deadline::in(Millis(0))), [](const std::exception_ptr&) {});
  thread_.join();
  server_.reset();
}

void AptRepository::make_key(const std::string& home, const std::string& keyring) {
  const fs::path path = folder_.path() / home;
  fs::create_directories(path);
  fs::permissions(path, fs::perms(0700));
  const std::vector<std::string> gpg{"/usr/bin/gpg", "--homedir", path.string(), "--batch", "--quiet"};
  auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> command = gpg;
    command.insert(command.end(), more.begin(), more.end());
    return command;
  };
  run_ok(with({"--passphrase", "", "--quick-gen-key", fmt::format("{}@packs.test", home), "ed25519", "sign", "never"}));
  run_ok(with({"--output", (folder_.path() / keyring).string(), "--export"}));
}

void AptRepository::add_demo(const std::string& version, const std::string& says) {
  add({"demo",
       version,
       fmt::format("demo-data (= {})", version),
       {{"usr/bin/demo", "@program"}, {"usr/share/demo/version", says}, {"usr/share/man/man1/demo.1", "x"}}});
  add({"demo-data", version, "", {{"usr/share/demo/data", version}, {"usr/share/doc/demo-data/copyright", "ours"}}});
}

void AptRepository::add(const Package& package) {
  const fs::path tree = folder_.path() / "tree";
  fs::remove_all(tree);
  for (const auto& [name, content] : package.files) {
    const fs::path file = tree / name;
    fs::create_directories(file.parent_path());
    constexpr std::string_view kFile = "@file:";
    if (content == "@program") {
      fs::copy_file(PACK_FIXTURE, file);
    } else if (content.starts_with(kFile)) {
      fs::copy_file(content.substr(kFile.size()), file);
    } else {
      write_text(file, content);
    }
  }
  write_text(tree / "DEBIAN/control",
             fmt::format("Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: Tests <tests@packs.test>\n{}"
                         "Description: for tests\n",
                         package.name, package.version, arch_,
                         package.depends.empty() ? "" : fmt::format("Depends: {}\n", package.depends)));
  const fs::path pool = folder_.path() / "web/pool";
  fs::create_directories(pool);
  run_ok({"/usr/bin/dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build", tree.string(),
          (pool / fmt::format("{}_{}_{}.deb", package.name, package.version, arch_)).string()});
}

void AptRepository::remove(const std::string& name, const std::string& version) {
  fs::remove(folder_.path() / "web/pool" / fmt::format("{}_{}_{}.deb", name, version, arch_));
}

void AptRepository::publish(Signature signature, const std::string& valid_until) {
  const fs::path web = folder_.path() / "web";
  const fs::path suite = web / "dists/test";
  fs::remove_all(suite);
  const std::string index =
      run_ok({"/bin/sh", "-c", fmt::format("cd {} && apt-ftparchive packages pool", web.string())});
  write_text(suite / "main" / fmt::format("binary-{}", arch_) / "Packages", index);
  const std::string options = fmt::format(
      "-o APT::FTPArchive::Release::Suite=test -o APT::FTPArchive::Release::Codename=test "
      "-o APT::FTPArchive::Release::Components=main -o APT::FTPArchive::Release::Architectures={}",
      arch_);
  std::string release = run_ok({"/bin/sh", "-c", fmt::format("apt-ftparchive {} release {}", options, suite.string())});
  if (!valid_until.empty()) release += fmt::format("Valid-Until: {}\n", valid_until);
  write_text(suite / "Release", release);
  if (signature == Signature::none) return;
  const std::string home = signature == Signature::good ? "owner" : "stranger";
  if (!fs::exists(folder_.path() / home)) make_key(home, home + ".gpg");
  run_ok({"/usr/bin/gpg", "--homedir", (folder_.path() / home).string(), "--batch", "--quiet", "--clearsign",
          "--output", (suite / "InRelease").string(), (suite / "Release").string()});
}

void AptRepository::misbehave(const std::string& suffix, Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_[suffix] = fault;
}

AptRepository::Fault AptRepository::fault_of(const std::string& path) {
  const std::lock_guard lock(mutex_);
  for (const auto& [suffix, fault] : faults_) {
    if (path.ends_with(suffix)) return fault;
  }
  return Fault::none;
}

net::awaitable<void> AptRepository::answer(net::Exchange& exchange) {
  ++requests_;
  const std::string path = exchange.request().path();
  const Fault fault = fault_of(path);
  auto content = read_file(folder_.path() / "web" / fs::path(path).relative_path(), kMaxFile);
  if (!content || fault == Fault::missing) {
    [[maybe_unused]] const auto sent = co_await exchange.respond(404, {}, "no such file");
    co_return;
  }
  if (fault == Fault::corrupt) content->at(content->size() / 2) ^= 1;
  if (fault == Fault::cut || fault == Fault::stall) {
    exchange.start(200, {});
    [[maybe_unused]] const auto sent =
        co_await exchange.write(std::string_view(*content).substr(0, content->size() / 2));
    if (fault == Fault::stall && on_stall_) on_stall_();
    if (fault == Fault::stall) co_await net::sleep_for(Seconds(120));
    co_return;  // without an end: the connection is cut
  }
  [[maybe_unused]] const auto sent = co_await exchange.respond(200, {}, *content);
}

engines::PackSource AptRepository::source() const {
  return {.suite = "test",
          .mirror = fmt::format("http://127.0.0.1:{}", port_),
          .keyring = folder_.path() / "owner.gpg",
          .check_valid_until = false,
          .arch = {}};
}

}  // namespace hearth::test
