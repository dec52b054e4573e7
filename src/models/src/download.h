// One file over the net into the store's partial/: in parallel ranges where the server has them, resumable at any
// instant, verified at its end.
#pragma once

#include "digest.h"
#include "outside.h"

#include <hearth/models/model_store.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace hearth::models {

struct BlobWish {
  std::string key;    // under which the download is kept
  std::string label;  // for messages
  std::string url;
  std::vector<std::string> headers;
  std::string bearer;
  PlainHttp plain = PlainHttp::loopback_only;
  std::optional<std::uint64_t> bytes;
  std::string sha256;   // what it must have; empty: not known
  std::string git_oid;  // the same
  // A new token, when the old one is not taken any more; not set: there is none.
  std::function<Result<std::string>()> renew_bearer;
};

struct DownloadOptions {
  unsigned parallel = 4;
  std::uint64_t smallest_range = std::uint64_t{8} << 20U;
  std::uint64_t largest_range = std::uint64_t{64} << 20U;
  std::uint64_t save_every = std::uint64_t{32} << 20U;  // bytes that a crash may cost
  Millis save_interval{3'000};
  RetryPolicy retry;
};

struct DownloadEvents {
  std::function<void(std::uint64_t done, std::uint64_t total)>
      progress;  // total 0: not known; from the transfer thread too
  std::function<void(const std::string& why, Millis wait)> retrying;
  std::function<void()> verifying;
};

// Blocks until the file is complete, verified and synced under its key, ready for ModelStore::adopt(). What was there
// of it is kept on failure. cancelled; resource_exhausted (disk, quota, server says later); corrupt (it is not what was
// promised; it is thrown away); unavailable when all retries failed; protocol_error, permission_denied, not_found.
Result<FileDigest> download(Http& http, ModelStore& store, const BlobWish& wish, const DownloadOptions& options,
                            RetryBudget& budget, const DownloadEvents& events, const std::stop_token& stop);

}  // namespace hearth::models
