#include "installation.h"

#include "hub.h"

#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/models/model_file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hearth::models {
namespace {

// Does inspect_model() know such files?
bool is_inspected(std::string_view role, std::string_view name) {
  return name.ends_with(".gguf") || name.ends_with(".onnx") || (name.starts_with("ggml-") && name.ends_with(".bin")) ||
         role == "model" || role == "mmproj";
}

// As far as can be seen without reading all of it: that is for `hearth models verify`.
bool looks_whole(const std::filesystem::path& path, const ModelFile& file) {
  std::error_code ec;
  const auto bytes = std::filesystem::file_size(path, ec);
  if (ec || bytes != file.bytes) return false;
  return !is_inspected(file.role, file.name) || inspect_model(path).has_value();
}

class Pulling {
 public:
  Pulling(InstallContext& context, const PullRequest& request, const OnPullEvent& tell, const std::stop_token& stop)
      : c_(context), request_(request), tell_(tell), stop_(stop), budget_(retry_policy(context.options)) {}

  Result<Installation> run();

 private:
  static RetryPolicy retry_policy(const PullOptions& options) {
    RetryPolicy policy;
    policy.failures = options.failures;
    policy.first = options.first_retry;
    return policy;
  }

  Result<void> find_source();
  Result<std::optional<Installation>> already_there() const;
  Result<void> ask_source();
  Result<void> check_promises();
  Result<void> check_room() const;
  Result<void> obtain(RemoteFile& file);
  Result<void> obtain_locked(RemoteFile& file, const std::string& key);
  Result<FileDigest> copy_local(const RemoteFile& file, const std::string& key);
  Result<FileDigest> fetch(const RemoteFile& file, const std::string& key);
  Result<void> inspect(RemoteFile& file);
  Result<void> add_external_files();
  Result<void> check_whole();
  void tell_files() const;
  Result<void> check_pin(const RemoteFile& file) const;
  Result<ModelManifest> describe() const;
  [[nodiscard]] std::string pin_key(const RemoteFile& file) const { return source_.text + "#" + file.name; }
  void say(PullEvent::Kind kind, std::string_view file = {}) const {
    PullEvent event;
    event.kind = kind;
    event.model = name_;
    event.file = file;
    tell_(std::move(event));
  }

  InstallContext& c_;
  const PullRequest& request_;
  const OnPullEvent& tell_;
  const std::stop_token& stop_;
  RetryBudget budget_;
  std::optional<ResolveContext> resolving_;  // the files' renew_bearer points into it
  Source wish_;                              // as it was asked for
  Source source_;                            // where the bytes are
  const CatalogueEntry* entry_ = nullptr;
  std::string name_;
  Resolved resolved_;
  std::optional<ModelFacts> facts_;
  std::vector<ModelFacts> parts_;  // of a split GGUF, the first too
  std::vector<ModelStore::Lease> leases_;
};

Result<void> Pulling::find_source() {
  HEARTH_TRY_ASSIGN(wish_, parse_source(request_.source));
  name_ = request_.name.empty() ? default_name(wish_) : request_.name;
  if (!is_model_name(name_))
    return fail(Errc::invalid_argument,
                fmt::format("\"{}\" is no name for a model: lower-case letters, digits, '.', '_' and '-'",
                            name_.substr(0, 100)));
  if (!request_.task.empty() && !is_task(request_.task))
    return fail(Errc::invalid_argument, fmt::format("\"{}\" is no task", request_.task.substr(0, 100)));
  source_ = wish_;
  if (wish_.kind != SourceKind::catalogue) return {};
  entry_ = c_.catalogue.find(wish_.repo);
  if (entry_ == nullptr) {
    const std::string near = c_.catalogue.nearest(wish_.repo);
    return fail(Errc::not_found,
                fmt::format("the catalogue has no model called \"{}\"{}; `hearth models available` lists what it has, "
                            "and hf:ORG/REPO pulls from Hugging Face",
                            wish_.repo, near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
  }
  HEARTH_TRY_ASSIGN(source_, parse_source(entry_->source));
  return {};
}

// A damaged file is out of the way afterwards, so that it is fetched anew.
Result<std::optional<Installation>> Pulling::already_there() const {
  if (request_.accept_change) return std::nullopt;
  const auto model = c_.store.show(name_);
  if (!model || model->manifest.source != wish_.text) return std::nullopt;
  bool whole = true;
  for (const ModelFile& file : model->manifest.files) {
    const auto blob = c_.store.blob_path(file.sha256);
    if (looks_whole(blob, file) && looks_whole(model->folder / file.name, file)) continue;
    whole = false;
    if (looks_whole(blob, file)) continue;
    HEARTH_TRY(c_.store.remove_blob(file.sha256));
  }
  if (!whole) return std::nullopt;
  return Installation{model->manifest, true};
}

Result<void> Pulling::ask_source() {
  say(PullEvent::Kind::resolving);
  const auto retrying = [this](const std::string& why, Millis wait) {
    PullEvent event;
    event.kind = PullEvent::Kind::retrying;
    event.model = name_;
    event.message = why;
    event.seconds = std::chrono::duration<double>(wait).count();
    tell_(std::move(event));
  };
  resolving_.emplace(ResolveContext{
      .asking = {c_.http, budget_, request_.insist ? PlainHttp::anywhere : PlainHttp::loopback_only, retrying, stop_},
      .hugging_face = c_.options.hugging_face,
      .model_scope = c_.options.model_scope,
      .hugging_face_token = c_.options.hugging_face_token});
  HEARTH_TRY_ASSIGN(resolved_, resolve(*resolving_, source_, entry_));
  tell_files();
  return {};
}

void Pulling::tell_files() const {
  PullEvent event;
  event.kind = PullEvent::Kind::resolved;
  event.model = name_;
  for (const RemoteFile& file : resolved_.files) {
    event.files.push_back({file.role, file.name, file.sha256, file.bytes.value_or(0)});
    event.total += file.bytes.value_or(0);
  }
  tell_(std::move(event));
}

Result<void> Pulling::check_pin(const RemoteFile& file) const {
  if (request_.accept_change) return {};
  HEARTH_TRY_ASSIGN(const std::optional<Pin> pin, c_.store.pin(pin_key(file)));
  if (!pin || file.sha256.empty() || pin->sha256 == file.sha256) return {};
  return fail(
      Errc::failed_precondition,
      fmt::format("{} of {} is not what it was when it was first pulled: its SHA-256 was {} and is {} now. If that is "
                  "meant to be, take the new one with: hearth pull {} --accept-change",
                  file.name, source_.text, pin->sha256, file.sha256, request_.source));
}

// Something must vouch for every file before its bytes are taken.
Result<void> Pulling::check_promises() {
  for (RemoteFile& file : resolved_.files) {
    HEARTH_TRY(check_pin(file));
    if (!file.path.empty() || !file.sha256.empty() || !file.git_oid.empty()) continue;
    HEARTH_TRY_ASSIGN(const std::optional<Pin> pin, c_.store.pin(pin_key(file)));
    if (pin && !request_.accept_change) {
      file.sha256 = pin->sha256;
      file.bytes = pin->bytes;
      continue;
    }
    if (!request_.insist)
      return fail(
          Errc::failed_precondition,
          fmt::format(
              "nothing says which bytes {} should have, so a wrong file would not be noticed. Add its digest "
              "(URL#sha256=…; of a model in several files all of theirs in order, with commas between), or take "
              "what comes and pin it: hearth pull {} --insist",
              file.name, request_.source));
  }
  return {};
}

Result<void> Pulling::check_room() const {
  std::uint64_t needed = 0;
  for (const RemoteFile& file : resolved_.files) {
    if (!file.bytes || (!file.sha256.empty() && c_.store.has_blob(file.sha256, *file.bytes))) continue;
    struct stat s{};
    const std::string key = "sha256-" + file.sha256;
    const bool begun = !file.sha256.empty() && ::stat(c_.store.partial_path(key).c_str(), &s) == 0;
    const std::uint64_t taken = begun ? static_cast<std::uint64_t>(s.st_blocks) * 512 : 0;
    needed += *file.bytes - std::min(*file.bytes, taken);
  }
  return needed == 0 ? Result<void>() : c_.store.check_space(needed);
}

Result<FileDigest> Pulling::copy_local(const RemoteFile& file, const std::string& key) {
  const Fd from(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!from) return fail_errno(errno, fmt::format("hearthd cannot read {}", file.path.string()));
  struct stat status{};
  if (::fstat(from.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Errc::invalid_argument, fmt::format("{} is no file", file.path.string()));
  Disk& disk = c_.store.disk();
  HEARTH_TRY_ASSIGN(Fd to, disk.open(c_.store.partial_path(key), O_RDWR | O_CREAT | O_TRUNC, 0644));
  Hasher hasher = Hasher::sha256();
  FileDigest digest;
  std::vector<char> buffer(std::size_t{1} << 20U);
  for (;;) {
    if (stop_.stop_requested()) return fail(Errc::cancelled, "the pull was stopped");
    const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, fmt::format("cannot read {}", file.path.string()));
    if (n == 0) break;
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(n));
    if (digest.bytes + piece.size() > file.bytes.value_or(0))
      return fail(Errc::unavailable,
                  fmt::format("{} grows while it is copied; try again when it is whole", file.path.string()));
    HEARTH_TRY(disk.write_at(to.get(), digest.bytes, piece));
    hasher.update(piece);
    digest.bytes += piece.size();
    PullEvent event;
    event.kind = PullEvent::Kind::progress;
    event.model = name_;
    event.file = file.name;
    event.done = digest.bytes;
    event.total = file.bytes.value_or(0);
    tell_(std::move(event));
  }
  HEARTH_TRY(disk.sync(to.get()));
  digest.sha256 = hasher.hex();
  return digest;
}

Result<FileDigest> Pulling::fetch(const RemoteFile& file, const std::string& key) {
  BlobWish wish;
  wish.key = key;
  wish.label = file.name;
  wish.url = file.url;
  wish.bearer = resolved_.bearer;
  wish.renew_bearer = resolved_.renew_bearer;
  wish.plain = request_.insist ? PlainHttp::anywhere : PlainHttp::loopback_only;
  wish.bytes = file.bytes;
  wish.sha256 = file.sha256;
  wish.git_oid = file.git_oid;
  DownloadOptions options;
  options.parallel = std::max(1U, c_.options.parallel);
  options.smallest_range = c_.options.smallest_range;
  options.largest_range = std::max(options.smallest_range, options.largest_range);
  options.save_every = c_.options.save_every;
  DownloadEvents events;
  events.progress = [&](std::uint64_t done, std::uint64_t total) {
    PullEvent event;
    event.kind = PullEvent::Kind::progress;
    event.model = name_;
    event.file = file.name;
    event.done = done;
    event.total = total;
    tell_(std::move(event));
  };
  events.retrying = [&](const std::string& why, Millis wait) {
    PullEvent event;
    event.kind = PullEvent::Kind::retrying;
    event.model = name_;
    event.file = file.name;
    event.message = why;
    event.seconds = std::chrono::duration<double>(wait).count();
    tell_(std::move(event));
  };
  events.verifying = [&] { say(PullEvent::Kind::verifying, file.name); };
  return download(c_.http, c_.store, wish, options, budget_, events, stop_);
}

// With the right to fetch it.
Result<void> Pulling::obtain_locked(RemoteFile& file, const std::string& key) {
  if (!file.sha256.empty() && file.bytes && c_.store.has_blob(file.sha256, *file.bytes)) {
    PullEvent event;
    event.kind = PullEvent::Kind::progress;
    event.model = name_;
    event.file = file.name;
    event.done = event.total = *file.bytes;
    tell_(std::move(event));
    return {};
  }
  auto digest = file.path.empty() ? fetch(file, key) : copy_local(file, key);
  if (!digest) return fail(digest.error());
  file.sha256 = digest->sha256;
  file.bytes = digest->bytes;
  leases_.push_back(c_.store.lease("sha256-" + file.sha256));
  HEARTH_TRY(check_pin(file));
  return c_.store.adopt(key, file.sha256);
}

Result<void> Pulling::obtain(RemoteFile& file) {
  const std::string origin = file.path.empty() ? file.url + "#" + file.git_oid : file.path.string();
  const std::string key = file.sha256.empty() ? "url-" + sha256_hex(origin) : "sha256-" + file.sha256;
  leases_.push_back(c_.store.lease(key));
  if (!c_.fetching.enter(key, [&] { say(PullEvent::Kind::waiting, file.name); }, stop_))
    return fail(Errc::cancelled, "the pull was stopped");
  auto done = obtain_locked(file, key);
  c_.fetching.leave(key);
  return done;
}

// A file that an engine would stumble over is not installed; it is fetched once more, for it may have been the disk.
Result<void> Pulling::inspect(RemoteFile& file) {
  if (!is_inspected(file.role, file.name)) return {};
  for (bool again = false;; again = true) {
    auto facts = inspect_model(c_.store.blob_path(file.sha256));
    if (facts) {
      if (facts->split) parts_.push_back(*facts);
      if (file.role == "model") facts_ = std::move(*facts);
      return {};
    }
    const bool own = !file.path.empty();
    if (!facts.error().is(Errc::corrupt) || again || own) {
      HEARTH_TRY(c_.store.remove_blob(file.sha256));
      return fail(Error(facts.error().kind(), fmt::format("{} is not installed: {} of {} is refused: {}", name_,
                                                          file.name, source_.text, facts.error().describe())));
    }
    log::warn("models", "a model's file is broken and fetched again",
              {{"model", name_}, {"file", file.name}, {"error", facts.error().describe()}});
    HEARTH_TRY(c_.store.remove_blob(file.sha256));
    HEARTH_TRY(obtain(file));
  }
}

// An ONNX model's header says which weights lie beside it.
Result<void> Pulling::add_external_files() {
  if (!facts_ || !facts_->onnx)
    return resolved_.digests.size() < 2 || facts_->split ? Result<void>() : take_digests(resolved_, 1);
  std::size_t at = 1;
  bool more = false;
  for (const ExternalFile& wanted : facts_->onnx->external) {
    if (!is_file_name(wanted.location))
      return fail(Errc::unsupported,
                  fmt::format("{} keeps weights in {}, in another folder; only weights beside the model are understood",
                              source_.text, wanted.location));
    const auto there = std::ranges::find(resolved_.files, wanted.location, &RemoteFile::name);
    if (there != resolved_.files.end()) {
      there->role = "part";
      continue;
    }
    HEARTH_TRY_ASSIGN(RemoteFile file, resolved_.beside(wanted.location));
    resolved_.files.insert(resolved_.files.begin() + static_cast<std::ptrdiff_t>(at++), std::move(file));
    more = true;
  }
  if (!resolved_.digests.empty()) {
    HEARTH_TRY(take_digests(resolved_, at));
  }
  if (!more) return {};
  tell_files();
  HEARTH_TRY(check_promises());
  return check_room();
}

// All files together are a model.
Result<void> Pulling::check_whole() {
  if (!facts_) return {};
  const auto refused = [&](const Error& error) { return fail(error.wrap(fmt::format("{} is not installed", name_))); };
  if (facts_->split) {
    auto whole = join_parts(std::move(parts_));
    if (!whole) return refused(whole.error());
    facts_ = *std::move(whole);
  }
  const auto size_of = [&](const std::string& name) -> std::optional<std::uint64_t> {
    const auto found = std::ranges::find(resolved_.files, name, &RemoteFile::name);
    return found == resolved_.files.end() ? std::nullopt : found->bytes;
  };
  const auto complete = check_external_files(*facts_, size_of);
  return complete ? Result<void>() : refused(complete.error());
}

std::string task_of(Task task) {
  switch (task) {
    case Task::ocr_detection:
    case Task::ocr_direction:
    case Task::ocr_recognition:
      return "ocr";
    default:
      return is_task(to_string(task)) ? std::string(to_string(task)) : std::string();
  }
}

Result<ModelManifest> Pulling::describe() const {
  ModelManifest m;
  m.name = name_;
  m.source = wish_.text;
  m.revision = resolved_.revision;
  const auto first_of = [](std::initializer_list<std::string> texts) {
    for (const std::string& text : texts)
      if (!text.empty()) return text;
    return std::string();
  };
  const bool sees = std::ranges::find(resolved_.files, "mmproj", &RemoteFile::role) != resolved_.files.end();
  std::string told = facts_ ? task_of(facts_->task) : std::string();
  if (told == "chat" && sees) told = "vision-chat";
  m.task = first_of({request_.task, entry_ != nullptr ? entry_->task : "", told, resolved_.task});
  if (m.task.empty())
    return fail(
        Errc::failed_precondition,
        fmt::format("neither {} nor its files say what the model is for; say it with --task: {}", source_.text,
                    "chat, embedding, rerank, transcription, speech, ocr, detection, face, vad or vision-chat"));
  m.format = facts_ ? std::string(to_string(facts_->format)) : entry_ != nullptr ? entry_->format : "other";
  m.licence = first_of({entry_ != nullptr ? entry_->licence : "", resolved_.licence, facts_ ? facts_->licence : ""});
  m.commercial = entry_ != nullptr ? entry_->commercial : !is_non_commercial(m.licence);
  m.languages = entry_ != nullptr ? entry_->languages : resolved_.languages;
  if (entry_ != nullptr) {
    m.engine = entry_->engine;
    m.description = entry_->description;
    m.memory = entry_->memory;
    m.context = entry_->context;
    m.canary = entry_->canary;
  }
  if (m.context == 0 && facts_ && facts_->transformer) m.context = facts_->transformer->context_length;
  for (const RemoteFile& file : resolved_.files)
    m.files.push_back({file.role, file.name, file.sha256, file.bytes.value_or(0)});
  return m;
}

Result<Installation> Pulling::run() {
  HEARTH_TRY(find_source());
  HEARTH_TRY_ASSIGN(auto there, already_there());
  if (there) return *std::move(there);
  HEARTH_TRY(ask_source());
  HEARTH_TRY(check_promises());
  HEARTH_TRY(check_room());
  for (std::size_t i = 0; i < resolved_.files.size(); ++i) {
    HEARTH_TRY(obtain(resolved_.files[i]));
    HEARTH_TRY(inspect(resolved_.files[i]));
    if (i > 0) continue;
    HEARTH_TRY(add_external_files());
  }
  HEARTH_TRY(check_whole());
  HEARTH_TRY_ASSIGN(const ModelManifest manifest, describe());
  for (const RemoteFile& file : resolved_.files) {
    HEARTH_TRY(c_.store.set_pin(pin_key(file), {file.sha256, file.bytes.value_or(0)}));
  }
  if (stop_.stop_requested()) return fail(Errc::cancelled, "the pull was stopped");
  HEARTH_TRY(c_.store.install(manifest));
  return Installation{manifest, false};
}

}  // namespace

bool Fetching::enter(const std::string& key, const std::function<void()>& waiting, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (keys_.contains(key)) {
    lock.unlock();
    waiting();
    lock.lock();
  }
  if (!changed_.wait(lock, stop, [&] { return !keys_.contains(key); })) return false;
  keys_.insert(key);
  return true;
}

void Fetching::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  keys_.erase(key);
  changed_.notify_all();
}

Result<Installation> install_model(InstallContext& context, const PullRequest& request, const OnPullEvent& tell,
                                   const std::stop_token& stop) {
  Pulling pulling(context, request, tell, stop);
  return pulling.run();
}

}  // namespace hearth::models
