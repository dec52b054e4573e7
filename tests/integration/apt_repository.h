// A small Debian repository of our own on loopback: real .debs, a real signed index, a real web server that can be told
// to misbehave. apt is the client.
#pragma once

#include "engine_bench.h"
#include "run_tool.h"

#include <hearth/engines/pack_install.h>
#include <hearth/net/server.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace hearth::test {

class AptRepository {
 public:
  enum class Fault { none, cut, corrupt, stall, missing };

  AptRepository();
  ~AptRepository();
  AptRepository(const AptRepository&) = delete;
  AptRepository& operator=(const AptRepository&) = delete;

  struct Package {
    std::string name;
    std::string version;
    std::string depends{};
    std::map<std::string, std::string> files{};  // path → content; "@program": a small program; "@file:PATH": a copy
  };
  // "demo" with /usr/bin/demo and a version file, and "demo-data", on which it depends.
  void add_demo(const std::string& version, const std::string& says);
  void add(const Package& package);
  void remove(const std::string& name, const std::string& version);
  enum class Signature { good, stranger, none };
  // Writes the index; `valid_until`: as in a Release file, empty: no such line.
  void publish(Signature signature = Signature::good, const std::string& valid_until = {});
  // What happens to requests whose path ends so.
  void misbehave(const std::string& suffix, Fault fault);
  // Called on the server's thread when a request has been stalled. Before any request.
  void on_stall(std::function<void()> what) { on_stall_ = std::move(what); }
  void stop_serving();

  [[nodiscard]] engines::PackSource source() const;
  [[nodiscard]] std::size_t requests() const { return requests_.load(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  net::awaitable<void> answer(net::Exchange& exchange);
  Fault fault_of(const std::string& path);
  void make_key(const std::string& home, const std::string& keyring);

  TemporaryFolder folder_;
  std::string arch_;
  std::mutex mutex_;
  std::map<std::string, Fault> faults_;
  std::function<void()> on_stall_;
  std::atomic<std::size_t> requests_{0};
  std::uint16_t port_ = 0;
  boost::asio::io_context io_{1};
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

// Paths of the shared libraries a program is linked to, its loader among them.
std::vector<fs::path> libraries_of(const std::string& program);
// Runs a program and expects it to end well; what it printed.
std::string run_ok(std::vector<std::string> command, std::vector<std::pair<std::string, std::string>> environment = {});

}  // namespace hearth::test
