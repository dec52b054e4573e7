// An apt of our own: its lists, cache and notion of what is installed (nothing) lie in one folder, and it knows one
// source. So it works as any user, asks no package of the host, and changes none.
//
// Blocks; one thread at a time. Signatures and hashes are apt's business and always checked.
#pragma once

#include "run_tool.h"

#include <hearth/core/error.h>
#include <hearth/engines/pack.h>
#include <hearth/engines/pack_install.h>

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

// Where apt's connections go. With a proxy, apt runs in a network namespace in which there is nothing else, sees the
// host's files read-only, and writes into one folder.
struct AptNetwork {
  std::filesystem::path proxy{};                        // a Unix socket; empty: apt has the host's network
  std::function<void(const std::string& url)> names{};  // told what the host's apt configuration names
  std::filesystem::path bubblewrap{};
  std::filesystem::path writable{};
  std::string through{};  // "HOST:PORT" of the host's own proxy for apt: open() finds it
};

class PrivateApt {
 public:
  // Writes its settings into `folder`. not_found (no apt, no keyring: what to install), invalid_argument,
  // failed_precondition (a proxy, but no sandbox), io_error.
  static Result<PrivateApt> open(std::filesystem::path folder, const PackSource& source, AptNetwork network,
                                 std::stop_token stop);

  // Fetches the source's index. unavailable (no network), failed_precondition (signature, freshness),
  // resource_exhausted (disk), cancelled, deadline_exceeded, io_error.
  Result<void> update();
  // What a -dev package depends on and is no -dev package itself. not_found.
  Result<std::vector<std::string>> libraries_of(const std::string& package);
  // Everything that `wanted` ("name" or "name=version") takes on an empty system. not_found, unavailable (the suite is
  // inconsistent just now).
  Result<std::vector<PackFile>> resolve(const std::vector<std::string>& wanted);
  // Fetches the files of `wanted` that are not there into `archives`. As update(), and corrupt.
  Result<void> download(const std::vector<std::string>& wanted, const std::filesystem::path& archives,
                        const std::function<void(double)>& on_fraction);
  [[nodiscard]] const std::string& arch() const noexcept { return source_.arch; }

 private:
  PrivateApt(std::filesystem::path folder, PackSource source, AptNetwork network, std::stop_token stop)
      : folder_(std::move(folder)), source_(std::move(source)), network_(std::move(network)), stop_(std::move(stop)) {}
  Result<ToolResult> apt(std::vector<std::string> arguments, Millis time,
                         std::function<void(std::string_view)> on_status = {});

  std::filesystem::path folder_;
  PackSource source_;
  AptNetwork network_;
  std::stop_token stop_;
};

// Pure parts, for tests.
// The lines that `apt-get --print-uris` writes for files to fetch. protocol_error for a line that is cut or has no
// SHA-256.
Result<std::vector<PackFile>> parse_uris(std::string_view text);
// "dlstatus:3:41.5:…" → 0.415
std::optional<double> parse_download_status(std::string_view line);
// The proxy for http among apt's settings; all proxies are taken out of them. Empty: there is none.
std::string take_host_proxy(std::string& settings);
// The first Debian mirror in the output of `apt-get indextargets`; empty: none.
std::string find_mirror(std::string_view targets);
// What apt's words of failure mean, and what to do.
Error explain_apt(std::string_view errors, const PackSource& source);
// The names after "Depends:" in the output of `apt-cache depends`.
std::vector<std::string> parse_depends(std::string_view text);

}  // namespace hearth::engines
