// Makes packs and puts them into use. docs/packs.md.
//
// Everything here blocks, for minutes where the network is slow: call it from a thread of its own, which must outlive
// the call (the programs it starts end with their thread).
#pragma once

#include <hearth/core/error.h>
#include <hearth/egress/sockets.h>
#include <hearth/engines/pack.h>
#include <hearth/engines/pack_store.h>
#include <hearth/engines/sandbox.h>

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace hearth::engines {

// Where Debian packages come from.
struct PackSource {
  std::string suite = "forky";
  std::string mirror;  // empty: the one in the host's apt configuration
  std::filesystem::path keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  bool check_valid_until = false;
  std::string arch{};  // Debian's name; empty: this machine's
};

// How the world is reached by a process that makes no connections itself.
struct PackNetwork {
  // A Unix socket that serves as an HTTP proxy: apt then has a network with nothing else in it. Empty: it has the
  // host's.
  std::filesystem::path proxy{};
  // Told the URLs that the host's apt configuration names, a mirror's and a proxy's, before they are asked. May be
  // empty.
  std::function<void(const std::string& url)> names{};
  egress::Connect connect{};  // for images; empty: directly
};

struct PackOptions {
  enum class From {
    as_before,  // as the version that is locked; Debian when there is none
    debian,
    system,  // the host's own programs
    image,   // a container image
  };
  From from = From::debian;
  std::string image{};   // "registry.example/name:tag", "…@sha256:DIGEST"
  bool upgrade = false;  // the newest version, whatever is locked
  PackSource source;
  PackNetwork network{};
  Containment containment;         // the canary runs in it
  std::filesystem::path emulator;  // for another machine's architecture: a static qemu that runs the canary
};

struct PackProgress {
  std::string step;     // "index", "resolve", "download", "verify", "unpack", "canary", "activate"
  double fraction = 0;  // of this step, 0 to 1
  std::string detail;   // in words; may be empty
};
using OnPackProgress = std::function<void(const PackProgress&)>;

struct InstalledPack {
  std::string id;
  bool changed = false;  // another version was in use before, or none
  bool made = false;     // its files are new: it was not there, or damaged
  std::string note;      // what a person should know: "the locked version is gone …"; may be empty
};

// Makes the pack as it is locked (or, where that is impossible or not wanted, from the newest packages), tries it out
// in the sandbox and makes it current. The .debs are kept, so what was installed once can be made again without a
// network. Nothing half-made is ever visible, and what a broken-off attempt left is removed by the next.
//
// unavailable (network, a suite that does not fit together), failed_precondition (signature, no sandbox, the pack does
// not pass its canary), resource_exhausted (disk; another install is under way), corrupt, not_found, cancelled,
// io_error.
Result<InstalledPack> install_pack(const PackStore& store, const Recipe& recipe, const PackOptions& options,
                                   const OnPackProgress& on_progress, const std::stop_token& stop);

// Runs a version's canary in the sandbox. failed_precondition says what it answered instead.
Result<void> try_pack(const PackRoot& root, const Recipe& recipe, const PackOptions& options,
                      const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace hearth::engines
