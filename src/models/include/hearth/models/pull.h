// Pulling models: from a name to an installed model, all of it or nothing.
//
// Each pull has a thread; the bytes come over one transfer thread (libcurl). A pull that is stopped, by whatever, goes
// on where it was when the same source is pulled again. Two that want the same file download it once.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/egress/sockets.h>
#include <hearth/models/catalogue.h>
#include <hearth/models/model_store.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hearth::models {

struct PullOptions {
  std::string hugging_face = "https://huggingface.co";
  std::string model_scope = "https://modelscope.cn";
  std::string hugging_face_token;  // for private and gated repositories; empty: none
  unsigned parallel = 4;           // ranges of one file at once
  Seconds stall_time{30};
  std::string ca_file;  // certificates to trust in place of the system's; empty: those
  // Smaller in tests.
  std::uint64_t smallest_range = std::uint64_t{8} << 20U;
  std::uint64_t save_every = std::uint64_t{32} << 20U;
  int failures = 8;  // in a row, without progress in between
  Millis first_retry{500};
  egress::Connect connect{};  // empty: directly
  // After a model was installed; on the pull's thread.
  std::function<void()> on_changed;
  // What is missing to run an installed model; on the pull's thread. May be empty.
  std::function<std::string(const ModelManifest&)> hint;
};

struct PullRequest {
  std::string source;
  std::string name;            // empty: one that follows from the source
  std::string task;            // empty: what the catalogue, the hub or the file says
  bool insist = false;         // take what no digest vouches for, and plain http
  bool accept_change = false;  // the source has other bytes than when it was first pulled, and that is fine
};

struct PullEvent {
  enum class Kind { resolving, resolved, progress, waiting, retrying, verifying, installed, failed };
  Kind kind = Kind::resolving;
  std::string model;
  std::string file;                                      // progress, waiting, verifying, retrying
  std::uint64_t done = 0;                                // progress
  std::uint64_t total = 0;                               // progress; resolved: of all files; 0: not known
  std::string message;                                   // retrying: why; failed: what to do
  double seconds = 0;                                    // retrying: until then
  bool was_there = false;                                // installed: nothing had to be done
  std::vector<ModelFile> files;                          // resolved; digests as far as they are known
  std::optional<ModelManifest> manifest = std::nullopt;  // installed
  std::string hint;                                      // installed: what is missing to run it; may be empty
  std::optional<Error> error = std::nullopt;             // failed
};
std::string_view to_string(PullEvent::Kind kind) noexcept;
// One line of JSON without its end: {"event":"progress","model":…,"file":…,"done":…,"total":…}
std::string to_json(const PullEvent& event);

// A pull under way. Shared; any thread.
class PullJob {
 public:
  virtual ~PullJob() = default;
  // What happened since the last call; of progress only the newest for each file. The last event is `installed` or
  // `failed`.
  virtual std::vector<PullEvent> take() = 0;
  // Waits until there is something to take, or it is over, or `deadline`.
  virtual void wait(Deadline deadline) = 0;
  [[nodiscard]] virtual bool over() const = 0;
  virtual void cancel() = 0;
};

class Puller {
 public:
  // `store` and `catalogue` outlive it. internal: libcurl cannot be initialised.
  static Result<std::unique_ptr<Puller>> start(ModelStore& store, const Catalogue& catalogue, PullOptions options);
  // Cancels what is under way and waits for it.
  ~Puller();
  Puller(const Puller&) = delete;
  Puller& operator=(const Puller&) = delete;

  // Any thread; never blocks for long. resource_exhausted: eight are under way.
  Result<std::shared_ptr<PullJob>> pull(PullRequest request);
  [[nodiscard]] std::size_t running() const;

 private:
  struct Impl;
  explicit Puller(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::models
