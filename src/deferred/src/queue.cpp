#include "journal.h"

#include <hearth/core/file.h>
#include <hearth/core/ids.h>
#include <hearth/core/log.h>
#include <hearth/deferred/describe.h>
#include <hearth/deferred/queue.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

namespace hearth::deferred {
namespace {

namespace fs = std::filesystem;
using store::Connection;

constexpr std::size_t kInline = 16 * 1024;  // a body up to this size stands in the journal itself
constexpr std::size_t kMostBody = std::size_t{1} << 30U;

// A call is the same when its target and body are; what the headers say may have another time in it.
std::string fingerprint_of(const Request& request) {
  const std::string& file = request.body.file;
  const std::string content = file.empty() ? sha256_hex(request.body.text) : file.substr(0, file.find('.'));
  return sha256_hex(fmt::format("{}\n{}", request.target, content));
}

Error not_there(std::string_view id) {
  return {Errc::not_found, fmt::format("there is no deferred call {}", id.substr(0, 100))};
}

// Of lists and scheduling: the newest first.
auto age(const Job& job) {
  return std::tuple(job.created, std::string_view(job.id));
}

}  // namespace

struct Queue::Impl : std::enable_shared_from_this<Queue::Impl> {
  Impl(store::StoreThread& s, fs::path f, Limits l) : store(s), folder(std::move(f)), limits(l) {}

  store::StoreThread& store;
  const fs::path folder;
  const Limits limits;
  std::function<void(const Job&)> changed;  // set once, before anything happens

  mutable std::mutex mutex;
  std::map<std::string, Job, std::less<>> jobs;                          // under mutex: what the journal has
  std::map<std::string, Delivery, std::less<>> pending;                  // under mutex, by message
  std::multimap<std::string, std::move_only_function<void()>> watchers;  // under mutex
  std::size_t coming = 0;   // under mutex: calls on their way into the journal
  std::uint64_t bytes = 0;  // under mutex: of all bodies, those included

  Result<void> load(journal::Everything everything);
  void remove_strangers(const std::set<std::string>& files) const;
  void forget(const Content& content) const {
    std::error_code ignored;
    if (!content.file.empty()) fs::remove(folder / content.file, ignored);
  }

  // After a commit: what is known of the call from now on, and what goes with it.
  void note(const Job& job, std::optional<Delivery> delivery);
  void forget_call(const std::string& id);
  [[nodiscard]] std::optional<Job> find(std::string_view id, std::string_view owner) const;

  Result<void> reserve(std::uint64_t size);
  void give_back(std::uint64_t size, std::size_t calls) {
    const std::lock_guard lock(mutex);
    bytes -= size;
    coming -= calls;
  }
};

namespace {

// What a step on the store thread found out, for after its commit.
struct Step {
  Job job;
  std::optional<Delivery> delivery;
  std::optional<Content> done_with;  // a body that nobody needs any more
};

// Takes a call to its end, in the journal and in `step`.
Result<void> end_call(Connection& connection, Step& step, const std::optional<Answer>& answer, WallTime now) {
  Job& job = step.job;
  HEARTH_TRY_ASSIGN(Request request, journal::request_of(connection, job.id));
  step.done_with = std::move(request.body);
  job.ended = now;
  job.answer_status = answer ? answer->status : 0;
  job.bytes = answer ? answer->body.bytes : 0;
  HEARTH_TRY(journal::end(connection, job, answer));
  if (job.webhook.empty()) return {};
  job.delivery = DeliveryProgress{DeliveryStatus::pending, 0, now};
  step.delivery = Delivery{new_id("msg_"), job.id, job.owner.id, job.webhook, encode_message(job), *job.delivery};
  return journal::insert_delivery(connection, *step.delivery);
}

}  // namespace

void Queue::Impl::note(const Job& job, std::optional<Delivery> delivery) {
  std::vector<std::move_only_function<void()>> to_call;
  {
    const std::lock_guard lock(mutex);
    if (const auto known = jobs.find(job.id); known != jobs.end()) bytes -= known->second.bytes;
    bytes += job.bytes;
    jobs.insert_or_assign(job.id, job);
    if (delivery) pending.insert_or_assign(delivery->id, std::move(*delivery));
    if (has_ended(job.progress.status)) {
      const auto [first, last] = watchers.equal_range(job.id);
      for (auto it = first; it != last; ++it) to_call.push_back(std::move(it->second));
      watchers.erase(first, last);
    }
  }
  for (auto& call : to_call) call();
  if (changed) changed(job);
}

void Queue::Impl::forget_call(const std::string& id) {
  const std::lock_guard lock(mutex);
  const auto known = jobs.find(id);
  if (known == jobs.end()) return;
  bytes -= known->second.bytes;
  jobs.erase(known);
}

std::optional<Job> Queue::Impl::find(std::string_view id, std::string_view owner) const {
  const std::lock_guard lock(mutex);
  const auto found = jobs.find(id);
  if (found == jobs.end()) return std::nullopt;
  if (owner != kEverything && found->second.owner.id != owner) return std::nullopt;
  return found->second;
}

Result<void> Queue::Impl::reserve(std::uint64_t size) {
  const std::lock_guard lock(mutex);
  if (jobs.size() + coming >= limits.calls)
    return fail(Errc::resource_exhausted,
                fmt::format("{} calls are deferred or their answers still kept, which is as many as deferred.calls "
                            "allows; DELETE what was fetched, or try again later",
                            jobs.size()));
  if (bytes + size > limits.bytes)
    return fail(Errc::resource_exhausted,
                "the deferred calls and their answers take all the room that deferred.space gives them; DELETE what "
                "was fetched, or try again later");
  bytes += size;
  ++coming;
  return {};
}

Result<void> Queue::Impl::load(journal::Everything everything) {
  std::map<std::string, DeliveryProgress> told;
  for (Delivery& delivery : everything.deliveries) {
    told.emplace(delivery.call, delivery.progress);
    if (delivery.progress.status == DeliveryStatus::pending) pending.emplace(delivery.id, std::move(delivery));
  }
  for (Job& job : everything.jobs) {
    if (job.progress.status == Status::running) {
      HEARTH_TRY_ASSIGN(job.progress, advance(job.progress, Event::lost));
      auto kept = store.call(
          [&](Connection& connection) { return journal::update_progress(connection, job.id, job.progress); });
      HEARTH_TRY(kept.get());
    }
    if (const auto delivery = told.find(job.id); delivery != told.end()) job.delivery = delivery->second;
    bytes += job.bytes;
    std::string id = job.id;
    jobs.emplace(std::move(id), std::move(job));
  }
  remove_strangers(everything.files);
  return {};
}

// Files of calls that were never acknowledged, and of answers that were never noted.
void Queue::Impl::remove_strangers(const std::set<std::string>& files) const {
  std::error_code ec;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ec))
    if (!files.contains(entry.path().filename().string())) fs::remove(entry.path(), ec);
}

Queue::Queue(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Queue::~Queue() = default;

Result<std::unique_ptr<Queue>> Queue::open(store::StoreThread& store, fs::path folder, Limits limits) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(Errc::io_error, fmt::format("cannot create {}: {}", folder.string(), ec.message()));
  ::chmod(folder.c_str(), 0700);
  auto impl = std::make_shared<Impl>(store, std::move(folder), limits);
  HEARTH_TRY_ASSIGN(journal::Everything everything, store.call(journal::load).get());
  HEARTH_TRY(impl->load(std::move(everything)));
  return std::unique_ptr<Queue>(new Queue(std::move(impl)));  // the constructor is private
}

Result<Content> Queue::keep(std::string bytes) const {
  Content content;
  content.bytes = bytes.size();
  if (bytes.size() <= kInline) {
    content.text = std::move(bytes);
    return content;
  }
  // Two calls with the same body have a file each: one ends before the other.
  content.file = fmt::format("{}.{}", sha256_hex(bytes), new_id(""));
  HEARTH_TRY(write_file_atomic(impl_->folder / content.file, bytes, 0600));
  return content;
}

Result<std::string> Queue::read(const Content& content) const {
  if (content.file.empty()) return content.text;
  return read_file(impl_->folder / content.file, kMostBody);
}

void Queue::add(NewCall call, WallTime now, Done<Job> done) {
  const std::uint64_t size = call.request.body.bytes;
  if (auto room = impl_->reserve(size); !room) {
    impl_->forget(call.request.body);
    return done(fail(std::move(room).error()));
  }
  struct Adding {
    NewCall call;
    Job job;
    std::optional<std::string> earlier;
  };
  auto adding = std::make_shared<Adding>();
  Job& job = adding->job;
  job.id = new_id("def_");
  job.owner = call.owner;
  job.target = call.request.target;
  job.created = now;
  job.not_before = call.not_before;
  job.deadline = call.deadline;
  job.webhook = call.webhook;
  job.bytes = size;
  adding->call = std::move(call);
  impl_->store.submit(
      [adding](Connection& connection) -> Result<void> {
        const NewCall& c = adding->call;
        const std::string fingerprint = fingerprint_of(c.request);
        if (c.client_key.empty()) return journal::insert(connection, adding->job, c, fingerprint);
        HEARTH_TRY_ASSIGN(const auto earlier, journal::find_by_client_key(connection, c.owner.id, c.client_key));
        if (!earlier) return journal::insert(connection, adding->job, c, fingerprint);
        if (earlier->fingerprint != fingerprint)
          return fail(Errc::already_exists,
                      "this Idempotency-Key belongs to another deferred call; use a new one for a new request");
        adding->earlier = earlier->id;
        return {};
      },
      [impl = impl_, adding, size, done = std::move(done)](Result<void> committed) mutable {
        impl->give_back(size, 1);
        if (!committed || adding->earlier) impl->forget(adding->call.request.body);
        if (!committed) return done(fail(std::move(committed).error()));
        if (!adding->earlier) {
          impl->note(adding->job, std::nullopt);
          return done(std::move(adding->job));
        }
        auto known = impl->find(*adding->earlier, kEverything);
        if (!known) return done(fail(not_there(*adding->earlier)));
        done(std::move(*known));
      });
}

std::optional<Job> Queue::find(std::string_view id, std::string_view owner) const {
  return impl_->find(id, owner);
}

std::vector<Job> Queue::list(std::string_view owner) const {
  std::vector<Job> found;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [id, job] : impl_->jobs)
      if (owner == kEverything || job.owner.id == owner) found.push_back(job);
  }
  std::ranges::sort(found, std::ranges::greater(), age);
  return found;
}

void Queue::cancel(std::string id, std::string owner, WallTime now, Done<Job> done) {
  auto step = std::make_shared<Step>();
  auto found = impl_->find(id, owner);
  if (!found) return done(fail(not_there(id)));
  step->job = std::move(*found);
  struct Kept {
    bool removed = false;
    Content answer;
  };
  auto kept = std::make_shared<Kept>();
  impl_->store.submit(
      [step, kept, now](Connection& connection) -> Result<void> {
        Job& job = step->job;
        HEARTH_TRY_ASSIGN(job.progress, journal::progress_of(connection, job.id));
        kept->removed = has_ended(job.progress.status);
        if (kept->removed) {
          if (auto answer = journal::answer_of(connection, job.id)) kept->answer = std::move(answer->body);
          return journal::remove(connection, job.id);
        }
        HEARTH_TRY_ASSIGN(job.progress, advance(job.progress, Event::cancelled));
        return end_call(connection, *step, std::nullopt, now);
      },
      [impl = impl_, step, kept, done = std::move(done)](Result<void> committed) mutable {
        if (!committed) return done(fail(std::move(committed).error()));
        if (step->done_with) impl->forget(*step->done_with);
        if (kept->removed) {
          impl->forget(kept->answer);
          impl->forget_call(step->job.id);
        } else {
          impl->note(step->job, std::move(step->delivery));
        }
        done(std::move(step->job));
      });
}

void Queue::answer(std::string id, std::string owner, Done<Answer> done) {
  const auto found = impl_->find(id, owner);
  if (!found) return done(fail(not_there(id)));
  if (!has_ended(found->progress.status))
    return done(fail(Errc::failed_precondition, fmt::format("the deferred call {} is {}: its answer is not there yet",
                                                            id, to_string(found->progress.status))));
  auto answer = std::make_shared<Answer>();
  impl_->store.submit(
      [answer, id](Connection& connection) -> Result<void> {
        auto found_answer = journal::answer_of(connection, id);
        if (!found_answer && found_answer.error().is(Errc::not_found))
          return fail(Errc::not_found, fmt::format("the deferred call {} ended without an answer", id));
        if (!found_answer) return fail(std::move(found_answer).error());
        *answer = std::move(*found_answer);
        return {};
      },
      [answer, done = std::move(done)](Result<void> committed) mutable {
        if (!committed) return done(fail(std::move(committed).error()));
        done(std::move(*answer));
      });
}

void Queue::when_ended(std::string_view id, std::move_only_function<void()> then) {
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->jobs.find(id);
    if (found != impl_->jobs.end() && !has_ended(found->second.progress.status)) {
      impl_->watchers.emplace(std::string(id), std::move(then));
      return;
    }
  }
  then();
}

void Queue::on_change(std::function<void(const Job&)> changed) {
  impl_->changed = std::move(changed);
}

std::vector<Candidate> Queue::waiting() const {
  std::vector<Candidate> candidates;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [id, job] : impl_->jobs)
    if (job.progress.status == Status::queued)
      candidates.push_back({id, job.owner.id, job.created, job.not_before, job.deadline, SteadyTime::min()});
  return candidates;
}

bool Queue::full() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->bytes >= impl_->limits.bytes;
}

void Queue::claim(std::string id, Done<Claimed> done) {
  auto claimed = std::make_shared<Claimed>();
  auto found = impl_->find(id, kEverything);
  if (!found) return done(fail(not_there(id)));
  claimed->job = std::move(*found);
  impl_->store.submit(
      [claimed](Connection& connection) -> Result<void> {
        Job& job = claimed->job;
        HEARTH_TRY_ASSIGN(const Progress before, journal::progress_of(connection, job.id));
        HEARTH_TRY_ASSIGN(job.progress, advance(before, Event::claimed));
        HEARTH_TRY_ASSIGN(claimed->request, journal::request_of(connection, job.id));
        return journal::update_progress(connection, job.id, job.progress);
      },
      [impl = impl_, claimed, done = std::move(done)](Result<void> committed) mutable {
        if (!committed) return done(fail(std::move(committed).error()));
        impl->note(claimed->job, std::nullopt);
        done(std::move(*claimed));
      });
}

void Queue::settle(std::string id, Event event, std::optional<Answer> answer, std::string note, WallTime now,
                   Done<Job> done) {
  auto step = std::make_shared<Step>();
  auto found = impl_->find(id, kEverything);
  if (!found) return done(fail(not_there(id)));
  step->job = std::move(*found);
  auto given = std::make_shared<std::optional<Answer>>(std::move(answer));
  impl_->store.submit(
      [step, given, event, now, note = std::move(note)](Connection& connection) -> Result<void> {
        Job& job = step->job;
        HEARTH_TRY_ASSIGN(const Progress before, journal::progress_of(connection, job.id));
        HEARTH_TRY_ASSIGN(job.progress, advance(before, event));
        job.note = note;
        if (has_ended(job.progress.status)) return end_call(connection, *step, *given, now);
        return journal::update_progress(connection, job.id, job.progress);
      },
      [impl = impl_, step, given, done = std::move(done)](Result<void> committed) mutable {
        if (!committed) return done(fail(std::move(committed).error()));
        if (step->done_with) impl->forget(*step->done_with);
        impl->note(step->job, std::move(step->delivery));
        done(std::move(step->job));
      });
}

std::vector<Queue::Pending> Queue::pending() const {
  std::vector<Pending> all;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [id, delivery] : impl_->pending) all.push_back({id, delivery.progress});
  return all;
}

std::optional<Delivery> Queue::delivery(std::string_view id) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->pending.find(id);
  return found == impl_->pending.end() ? std::nullopt : std::optional(found->second);
}

void Queue::delivery_settled(std::string id, DeliveryProgress progress, Done<void> done) {
  impl_->store.submit(
      [id, progress](Connection& connection) { return journal::update_delivery(connection, id, progress); },
      [impl = impl_, id, progress, done = std::move(done)](Result<void> committed) mutable {
        if (!committed) return done(fail(std::move(committed).error()));
        {
          const std::lock_guard lock(impl->mutex);
          const auto found = impl->pending.find(id);
          if (found != impl->pending.end()) {
            if (const auto job = impl->jobs.find(found->second.call); job != impl->jobs.end())
              job->second.delivery = progress;
            found->second.progress = progress;
            if (progress.status != DeliveryStatus::pending) impl->pending.erase(found);
          }
        }
        done({});
      });
}

void Queue::remove_old(WallTime now) {
  std::vector<std::string> old;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [id, job] : impl_->jobs)
      if (job.ended && now - *job.ended > impl_->limits.keep) old.push_back(id);
  }
  for (std::string& id : old)
    cancel(id, std::string(kEverything), now, [id](const Result<Job>& removed) {
      if (!removed && !removed.error().is(Errc::not_found))
        log::warn("deferred", "an old answer could not be removed",
                  {{"id", id}, {"error", removed.error().describe()}});
    });
}

}  // namespace hearth::deferred
