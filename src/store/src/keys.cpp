#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/core/utf8.h>
#include <hearth/store/keys.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <tuple>

namespace hearth::store {
namespace {

constexpr std::string_view kKeyPrefix = "hearth_";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kKeyLength = kKeyPrefix.size() + 43;  // 32 bytes in base64 without padding
constexpr std::size_t kShownCharacters = 12;
constexpr std::size_t kMaxKeys = 10'000;
constexpr std::size_t kMaxName = 100;
constexpr std::int64_t kUseInterval = 60;  // seconds between two writes of one key's last use
constexpr std::int64_t kNever = -1;

// Shared by all snapshots that hold the key.
struct Use {
  std::atomic<std::int64_t> last{kNever};    // seconds since 1970
  std::atomic<std::int64_t> stored{kNever};  // what the database has, or is about to have
};

struct Entry {
  std::string id;
  std::string name;
  std::string prefix;
  std::string hash;  // SHA-256 of the key, hex
  std::int64_t created = 0;
  std::optional<DataClass> data_class = std::nullopt;
  std::shared_ptr<Use> use = std::make_shared<Use>();
};

// By hash. The lookup's timing depends on the presented key's SHA-256 only, which tells nothing about a stored key.
using Snapshot = std::map<std::string, Entry, std::less<>>;

WallTime wall(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

KeyInfo info_of(const Entry& entry) {
  const std::int64_t last = entry.use->last.load(std::memory_order_relaxed);
  return {entry.id,
          entry.name,
          entry.prefix,
          wall(entry.created),
          last == kNever ? std::nullopt : std::optional(wall(last)),
          entry.data_class};
}

Result<void> check_name(std::string_view name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  const auto characters = std::ranges::count_if(name, starts_character);
  if (!is_utf8(name) || std::ranges::any_of(name, control) || characters < 1 ||
      characters > static_cast<std::ptrdiff_t>(kMaxName) || name.front() == ' ' || name.back() == ' ')
    return fail(
        Errc::invalid_argument,
        fmt::format("a key's name has 1 to {} characters, no control characters, and no space at its ends", kMaxName));
  return {};
}

Result<Snapshot> read_all(Connection& connection) {
  HEARTH_TRY_ASSIGN(Statement rows,
                    connection.prepare("SELECT id, name, prefix, hash, created, last_used, data_class FROM api_keys"));
  Snapshot snapshot;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return snapshot;
    Entry entry{rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.integer(4)};
    // A word that this Hearth does not know is no leave to send anything anywhere.
    if (!rows.is_null(6)) entry.data_class = parse_data_class(rows.text(6)).value_or(DataClass::secret);
    if (!rows.is_null(5)) {
      entry.use->last = rows.integer(5);
      entry.use->stored = rows.integer(5);
    }
    snapshot.emplace(entry.hash, std::move(entry));
  }
}

Result<void> insert(Connection& connection, const Entry& entry) {
  HEARTH_TRY_ASSIGN(Statement count, connection.prepare("SELECT count(*) FROM api_keys"));
  HEARTH_TRY(count.step());
  if (count.integer(0) >= static_cast<std::int64_t>(kMaxKeys))
    return fail(Errc::resource_exhausted, fmt::format("there are {} keys already; remove some", kMaxKeys));
  const auto data_class = entry.data_class ? std::optional(to_string(*entry.data_class)) : std::nullopt;
  return connection.run(
      "INSERT INTO api_keys (id, name, prefix, hash, created, data_class) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", entry.id,
      entry.name, entry.prefix, entry.hash, entry.created, data_class);
}

// The hash of the key to remove.
Result<std::string> find(Connection& connection, const std::string& id_or_name) {
  HEARTH_TRY_ASSIGN(
      Statement rows,
      connection.prepare("SELECT hash, id FROM api_keys WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC"));
  HEARTH_TRY(rows.bind(id_or_name));
  std::string hash;
  std::vector<std::string> ids;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    if (hash.empty()) hash = rows.text(0);
    ids.push_back(rows.text(1));
    if (ids.back() == id_or_name) return hash;
  }
  if (ids.empty()) return fail(Errc::not_found, fmt::format("there is no key with the id or name '{}'", id_or_name));
  if (ids.size() == 1) return hash;
  const std::size_t shown = std::min<std::size_t>(ids.size(), 10);
  return fail(Errc::invalid_argument,
              fmt::format("{} keys are called '{}'; name one by its id: {}", ids.size(), id_or_name,
                          fmt::join(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(shown), ", ")));
}

}  // namespace

struct KeyStore::Impl : std::enable_shared_from_this<KeyStore::Impl> {
  explicit Impl(StoreThread& s) : store(s) {}

  StoreThread& store;
  mutable std::mutex mutex;
  std::shared_ptr<const Snapshot> snapshot_;  // under mutex; replaced, never changed

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const {
    const std::lock_guard lock(mutex);
    return snapshot_;
  }

  // On the store thread only, so that no change is lost between reading and replacing.
  template <typename Change>
  void change(Change apply) {
    auto next = std::make_shared<Snapshot>(*snapshot());
    apply(*next);
    const std::lock_guard lock(mutex);
    snapshot_ = std::move(next);
  }

  void store_use(const Entry& entry, std::int64_t seconds) {
    store.submit(
        [hash = entry.hash, seconds](Connection& connection) {
          return connection.run("UPDATE api_keys SET last_used = ?2 WHERE hash = ?1", hash, seconds);
        },
        [](const Result<void>& done) {
          if (!done)
            log::warn("store", "the time of a key's last use was not stored", {{"error", done.error().describe()}});
        });
  }
};

KeyStore::KeyStore(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<KeyStore>> KeyStore::open(StoreThread& store) {
  auto loaded = store.call(read_all).get();
  if (!loaded) return fail(std::move(loaded).error());
  auto impl = std::make_shared<Impl>(store);
  impl->snapshot_ = std::make_shared<const Snapshot>(std::move(*loaded));
  return std::unique_ptr<KeyStore>(new KeyStore(std::move(impl)));  // the constructor is private
}

KeyStore::~KeyStore() {
  for (const auto& [hash, entry] : *impl_->snapshot()) {
    const std::int64_t last = entry.use->last;
    if (last != entry.use->stored) impl_->store_use(entry, last);
  }
}

void KeyStore::create(std::string name, std::optional<DataClass> data_class, WallTime now,
                      std::move_only_function<void(Result<NewKey>)> done) {
  if (auto valid = check_name(name); !valid) return done(fail(std::move(valid).error()));
  const std::string key = std::string(kKeyPrefix) + new_secret(kSecretBytes);
  auto entry = std::make_shared<Entry>();
  entry->id = new_id("key_");
  entry->name = std::move(name);
  entry->prefix = key.substr(0, kShownCharacters);
  entry->hash = sha256_hex(key);
  entry->created = unix_seconds(now);
  entry->data_class = data_class;
  impl_->store.submit([entry](Connection& connection) { return insert(connection, *entry); },
                      [impl = impl_, entry, key, done = std::move(done)](Result<void> committed) mutable {
                        if (!committed) return done(fail(std::move(committed).error()));
                        impl->change([&](Snapshot& snapshot) { snapshot.emplace(entry->hash, *entry); });
                        done(NewKey{info_of(*entry), key});
                      });
}

void KeyStore::remove(std::string id_or_name, std::move_only_function<void(Result<KeyInfo>)> done) {
  auto hash = std::make_shared<std::string>();
  impl_->store.submit(
      [hash, id_or_name = std::move(id_or_name)](Connection& connection) -> Result<void> {
        HEARTH_TRY_ASSIGN(*hash, find(connection, id_or_name));
        return connection.run("DELETE FROM api_keys WHERE hash = ?1", *hash);
      },
      [impl = impl_, hash, done = std::move(done)](Result<void> committed) mutable {
        if (!committed) return done(fail(std::move(committed).error()));
        KeyInfo removed;
        impl->change([&](Snapshot& snapshot) {
          const auto found = snapshot.find(*hash);
          if (found == snapshot.end()) return;
          removed = info_of(found->second);
          snapshot.erase(found);
        });
        done(std::move(removed));
      });
}

std::vector<KeyInfo> KeyStore::list() const {
  std::vector<KeyInfo> infos;
  for (const auto& [hash, entry] : *impl_->snapshot()) infos.push_back(info_of(entry));
  std::ranges::sort(infos, {}, [](const KeyInfo& k) { return std::tie(k.created, k.id); });
  return infos;
}

bool KeyStore::empty() const {
  return impl_->snapshot()->empty();
}

Result<Principal> KeyStore::verify(std::string_view key, WallTime now) {
  const auto refuse = [] {
    return fail(Errc::unauthenticated, "this API key is not known here; `hearth keys new NAME` makes one");
  };
  if (key.size() != kKeyLength) return refuse();  // also bounds what is hashed
  const std::string hash = sha256_hex(key);
  const auto snapshot = impl_->snapshot();
  const auto found = snapshot->find(hash);
  if (found == snapshot->end()) return refuse();
  const Entry& entry = found->second;
  const std::int64_t seconds = unix_seconds(now);
  entry.use->last.store(seconds, std::memory_order_relaxed);
  std::int64_t stored = entry.use->stored.load(std::memory_order_relaxed);
  // Whoever moves `stored` writes it; a clock that was set back counts as a new minute.
  if ((stored == kNever || seconds - stored >= kUseInterval || seconds < stored) &&
      entry.use->stored.compare_exchange_strong(stored, seconds))
    impl_->store_use(entry, seconds);
  return Principal{entry.id, entry.name, entry.data_class};
}

}  // namespace hearth::store
