#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/gateway/files.h>

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <vector>

namespace hearth::gateway {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::size_t kMaxDescription = 64 * 1024;
constexpr std::string_view kOwner = "owner";

std::string describe_entry(const FileStore::Entry& e) {
  const json::object o{{"id", e.file.id},
                       {"bytes", e.file.bytes},
                       {"created_at", e.file.created_at},
                       {"filename", e.file.filename},
                       {"purpose", e.file.purpose},
                       {"media_type", e.file.media_type},
                       {"expires_at", e.file.expires_at.value_or(0)},
                       {"owner", e.owner}};
  return json::serialize(o);
}

Result<FileStore::Entry> parse_entry(std::string_view text) {
  json::error_code ec;
  const json::value value = json::parse(text, ec);
  if (ec || !value.is_object()) return fail(Errc::corrupt, "not a description of a stored file");
  const json::object& o = value.get_object();
  const auto text_of = [&](std::string_view key) {
    const json::value* v = o.if_contains(key);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
  };
  const auto number_of = [&](std::string_view key) {
    const json::value* v = o.if_contains(key);
    return v != nullptr && v->is_int64() ? v->get_int64() : 0;
  };
  FileStore::Entry e;
  e.file.id = text_of("id");
  e.file.bytes = static_cast<std::uint64_t>(number_of("bytes"));
  e.file.created_at = number_of("created_at");
  e.file.filename = text_of("filename");
  e.file.purpose = text_of("purpose");
  e.file.media_type = text_of("media_type");
  if (number_of("expires_at") > 0) e.file.expires_at = number_of("expires_at");
  e.owner = text_of("owner");
  if (e.file.id.empty()) return fail(Errc::corrupt, "a stored file's description has no id");
  return e;
}

Result<void> write_content(const fs::path& path, const Spooled& content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, fmt::format("cannot create {}", path.string()));
  std::vector<char> part(256 * 1024);
  for (std::uint64_t offset = 0;;) {
    HEARTH_TRY_ASSIGN(const std::size_t n, content.read_at(offset, part));
    if (n == 0) break;
    offset += n;
    HEARTH_TRY(write_all(fd.get(), {part.data(), n}));
  }
  if (::fsync(fd.get()) != 0) return fail_errno(errno, fmt::format("cannot sync {}", path.string()));
  return {};
}

}  // namespace

FileStore::FileStore(fs::path folder, std::uint64_t quota) : folder_(std::move(folder)), quota_(quota) {}

Result<std::unique_ptr<FileStore>> FileStore::open(fs::path folder, std::uint64_t quota) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(Errc::io_error, fmt::format("cannot create {}: {}", folder.string(), ec.message()));
  fs::permissions(folder, fs::perms::owner_all, ec);
  std::unique_ptr<FileStore> store(new FileStore(std::move(folder), quota));
  std::vector<fs::path> orphans;
  for (const auto& item : fs::directory_iterator(store->folder_, ec)) {
    if (item.path().extension() != ".json") {
      // Content is written before its description: without one it was never acknowledged.
      if (!fs::exists(item.path().string() + ".json", ec)) orphans.push_back(item.path());
      continue;
    }
    const auto text = read_file(item.path(), kMaxDescription);
    auto entry = text ? parse_entry(*text) : Result<Entry>(fail(text.error()));
    const fs::path content = store->folder_ / item.path().stem();
    const auto size = fs::file_size(content, ec);
    const bool whole = entry && !ec && entry->file.id == content.filename() && entry->file.bytes == size;
    if (!whole) {
      log::warn("gateway", "a stored file is damaged and was removed", {{"file", content.filename().string()}});
      orphans.push_back(item.path());
      orphans.push_back(content);
      continue;
    }
    store->bytes_ += entry->file.bytes;
    store->entries_.emplace(entry->file.id, std::move(*entry));
  }
  for (const fs::path& orphan : orphans) fs::remove(orphan, ec);
  store->remove_expired();
  return store;
}

Result<dialects::FileObject> FileStore::add(const Spooled& content, std::string filename, std::string media_type,
                                            std::string purpose, std::string owner, std::int64_t lifetime_seconds) {
  Entry entry;
  entry.file = {new_id("file_"),
                content.size(),
                unix_seconds(wall_now()),
                std::move(filename),
                std::move(purpose),
                std::move(media_type),
                {}};
  entry.file.expires_at = entry.file.created_at + lifetime_seconds;
  entry.owner = std::move(owner);
  {
    const std::lock_guard lock(mutex_);
    if (bytes_ + content.size() > quota_)
      return fail(Errc::resource_exhausted,
                  "the room for uploaded files is used up; delete some (DELETE /v1/files/ID)");
    bytes_ += content.size();
  }
  const fs::path path = folder_ / entry.file.id;
  auto kept = write_content(path, content);
  if (kept) kept = write_file_atomic(path.string() + ".json", describe_entry(entry), 0600);
  const std::lock_guard lock(mutex_);
  if (!kept) {
    bytes_ -= content.size();
    std::error_code ec;
    fs::remove(path, ec);
    return fail(kept.error().wrap("the file could not be kept"));
  }
  dialects::FileObject described = entry.file;
  entries_.emplace(described.id, std::move(entry));
  return described;
}

Result<FileStore::Entry> FileStore::find(const std::string& id, std::string_view owner) const {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(id);
  const bool mine = it != entries_.end() && (it->second.owner == owner || owner == kOwner);
  if (!mine || it->second.file.expires_at.value_or(0) < unix_seconds(wall_now()))
    return fail(Errc::not_found,
                fmt::format("no file '{}' is on this box; it may have expired: upload it again", id.substr(0, 64)));
  return it->second;
}

Result<dialects::FileObject> FileStore::describe(const std::string& id, std::string_view owner) const {
  HEARTH_TRY_ASSIGN(const Entry entry, find(id, owner));
  return entry.file;
}

Result<Spooled> FileStore::read(const std::string& id, std::string_view owner) const {
  HEARTH_TRY_ASSIGN(const Entry entry, find(id, owner));
  Fd fd(::open((folder_ / entry.file.id).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot open a stored file");
  return Spooled::adopt(std::move(fd), entry.file.bytes);
}

Result<void> FileStore::remove(const std::string& id, std::string_view owner) {
  HEARTH_TRY(find(id, owner));
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(id);
  if (it == entries_.end()) return {};
  bytes_ -= it->second.file.bytes;
  entries_.erase(it);
  std::error_code ec;  // the description first: content without one is swept away at the next start
  fs::remove(folder_ / (id + ".json"), ec);
  fs::remove(folder_ / id, ec);
  return {};
}

std::vector<dialects::FileObject> FileStore::list(std::string_view owner) const {
  const std::lock_guard lock(mutex_);
  std::vector<dialects::FileObject> files;
  for (const auto& [id, entry] : entries_)
    if (entry.owner == owner || owner == kOwner) files.push_back(entry.file);
  return files;
}

void FileStore::remove_expired() {
  const std::int64_t now = unix_seconds(wall_now());
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : entries_)
      if (entry.file.expires_at.value_or(now) < now) gone.push_back(id);
    for (const std::string& id : gone) {
      bytes_ -= entries_.at(id).file.bytes;
      entries_.erase(id);
    }
  }
  std::error_code ec;
  for (const std::string& id : gone) {
    fs::remove(folder_ / (id + ".json"), ec);
    fs::remove(folder_ / id, ec);
  }
}

}  // namespace hearth::gateway
