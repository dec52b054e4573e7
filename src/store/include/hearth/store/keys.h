// API keys: who may use the box.
//
// A key is "hearth_" and 32 random bytes in base64url; it is shown once and only its SHA-256 is stored. A slow password
// hash (Argon2) is not needed: it protects secrets that people choose and that can be guessed; 256 random bits cannot,
// and a slow hash per request would let anyone keep the box busy with wrong keys.
//
// Verifying looks only at a snapshot in memory and never waits for the disk.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/data_class.h>
#include <hearth/store/store_thread.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::store {

struct KeyInfo {
  std::string id;      // "key_…"
  std::string name;    // what the owner calls it; not necessarily unique
  std::string prefix;  // the key's first 12 characters, to recognise it by
  WallTime created;
  std::optional<WallTime> last_used;
  std::optional<DataClass> data_class =
      std::nullopt;  // of what is sent with it, at least; nullopt: its owner does not say
};

struct NewKey {
  KeyInfo info;
  std::string key;  // the only time it is seen
};

// On whose behalf a request runs.
struct Principal {
  std::string id;
  std::string name;
  std::optional<DataClass> data_class = std::nullopt;
};

class KeyStore {
 public:
  // Reads the keys. Blocking. `store` must outlive this object. Errors as StoreThread's.
  static Result<std::unique_ptr<KeyStore>> open(StoreThread& store);
  // Hands the times of last use to the store.
  ~KeyStore();
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  // Each `done` is called once, on the store thread, when the change is on the disk and in force (or has failed).
  // invalid_argument: a name must have 1 to 100 characters and no control characters; resource_exhausted: 10,000 keys,
  // or a full disk.
  void create(std::string name, std::optional<DataClass> data_class, WallTime now,
              std::move_only_function<void(Result<NewKey>)> done);
  // By id, or by name if only one key has it. not_found; invalid_argument: several keys have that name (all ids are
  // named).
  void remove(std::string id_or_name, std::move_only_function<void(Result<KeyInfo>)> done);

  // Any thread; these never wait for the disk.
  [[nodiscard]] std::vector<KeyInfo> list() const;  // oldest first
  [[nodiscard]] bool empty() const;
  // Whose key is it? unauthenticated if nobody's. `now` becomes its time of last use, stored at most once a minute.
  Result<Principal> verify(std::string_view key, WallTime now);

 private:
  struct Impl;
  explicit KeyStore(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with work that is queued
};

}  // namespace hearth::store
