// Pulls one model and says how it goes, so that a test can kill it at any point: pull_host STORE SOURCE HUB.
#include <hearth/core/log.h>
#include <hearth/models/pull.h>

#include <fmt/format.h>

#include <cstdio>

int main(int argc, char** argv) {
  using namespace hearth::models;  // NOLINT(google-build-using-namespace): a program of one function
  if (argc != 4) return 2;
  hearth::log::init(hearth::log::Level::error, hearth::log::Format::text);
  Disk disk;
  auto store = ModelStore::open(argv[1], {.quota = 0, .keep_free = 0}, disk);
  if (!store) return 3;
  PullOptions options;
  options.hugging_face = argv[3];
  options.smallest_range = 128 * 1024;
  options.save_every = 64 * 1024;
  const Catalogue none;
  auto puller = Puller::start(**store, none, options);
  if (!puller) return 4;
  PullRequest request;
  request.source = argv[2];
  const auto job = (*puller)->pull(request);
  if (!job) return 5;
  for (;;) {
    (*job)->wait(hearth::Deadline::never());
    for (const PullEvent& event : (*job)->take()) {
      fmt::print("{}\n", to_json(event));
      std::fflush(stdout);
      if (event.kind == PullEvent::Kind::installed) return 0;
      if (event.kind == PullEvent::Kind::failed) return 1;
    }
  }
}
