// The world for a box in a network namespace: a second namespace at the other end of a cable, with a name server, web
// servers on a public, a private and a metadata address (files, a provider of models, a webhook's receiver), and a
// capture of every packet that arrives.
//
// A process of its own, forked before the test has threads. Needs root.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

namespace hearth::test {

class World {
 public:
  // Moves this process into an empty network namespace, cabled to the world's; `problem()` says why not.
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] const std::string& problem() const { return problem_; }
  // What was sent so far, without repetition: "udp 93.184.216.34:53 hub.example", "tcp 93.184.216.34:80",
  // "icmp 10.66.0.1", "other …". Only address resolution and the like is left out.
  [[nodiscard]] std::set<std::string> packets() const;
  // Forgets what was sent so far.
  void forget() const;

  static constexpr const char* kPublic = "93.184.216.34";
  static constexpr const char* kPrivate = "10.66.0.1";
  static constexpr const char* kMetadata = "169.254.169.254";

 private:
  std::string problem_;
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
};

}  // namespace hearth::test
