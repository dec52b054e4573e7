// A ledger in a folder of its own, with a clock that tests turn.
#pragma once

#include "temp_dir.h"

#include <hearth/core/file.h>
#include <hearth/egress/audit.h>
#include <hearth/egress/ledger.h>
#include <hearth/egress/report.h>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>

namespace hearth::egress {

class LedgerBench {
 public:
  explicit LedgerBench(LedgerOptions options = {}) : options_(std::move(options)) {
    options_.clock = [this] { return now_.load(); };
  }
  ~LedgerBench() { close(); }

  [[nodiscard]] std::filesystem::path database() const { return dir_ / "hearth.db"; }
  [[nodiscard]] std::filesystem::path key_file() const { return dir_ / "egress.key"; }
  [[nodiscard]] const std::filesystem::path& folder() const { return dir_.path(); }
  [[nodiscard]] WallTime now() const { return now_; }
  void pass(std::chrono::milliseconds time) { now_ = now_.load() + time; }

  Result<void> try_open() {
    HEARTH_TRY_ASSIGN(store_, store::StoreThread::start(database(), store::schema()));
    HEARTH_TRY_ASSIGN(ledger_, Ledger::open(*store_, key_file(), options_));
    key_ = std::make_unique<VerifyKey>(ledger_->key());
    return {};
  }
  void open() {
    const auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().describe();
  }
  void close() {
    ledger_.reset();
    store_.reset();
  }
  Ledger& operator*() { return *ledger_; }
  Ledger* operator->() { return ledger_.get(); }
  store::StoreThread& store() { return *store_; }
  [[nodiscard]] const VerifyKey& key() const { return *key_; }

  [[nodiscard]] Begin call(std::string id, DataClass data_class = DataClass::internal,
                           std::string destination = "api.example.com:443") const {
    Begin begin;
    begin.time = now_;
    begin.call = std::move(id);
    begin.who = "key_a";
    begin.data_class = data_class;
    begin.rule = "clouds";
    begin.destination = std::move(destination);
    begin.upstream = "example";
    begin.model = "m";
    begin.bytes = 100;
    return begin;
  }
  [[nodiscard]] Complete answer(std::uint64_t received = 1000) const {
    Complete complete;
    complete.time = now_;
    complete.outcome = Outcome::answered;
    complete.status = 200;
    complete.sent = 100;
    complete.received = received;
    return complete;
  }

  // Waits for the disk.
  Result<Ledger::Call> begin(const Begin& record) {
    std::promise<Result<Ledger::Call>> promise;
    ledger_->begin(record, [&](Result<Ledger::Call> r) { promise.set_value(std::move(r)); });
    return promise.get_future().get();
  }
  Result<std::string> checkpoint() {
    std::promise<Result<std::string>> promise;
    ledger_->checkpoint([&](Result<std::string> r) { promise.set_value(std::move(r)); });
    return promise.get_future().get();
  }
  // What was queued before has been done.
  void settle() {
    (void)store_->call([](store::Connection&) -> Result<int> { return 0; }).get();
  }

  Result<Audit> verify(const std::optional<SignedCheckpoint>& trusted = {}) {
    HEARTH_TRY_ASSIGN(store::Connection db, store::Connection::open_read_only(database()));
    HEARTH_TRY_ASSIGN(DatabaseRows rows, DatabaseRows::open(db));
    return audit(rows, *key_, trusted);
  }
  Result<Report> report(const ReportQuery& query) {
    HEARTH_TRY_ASSIGN(store::Connection db, store::Connection::open_read_only(database()));
    HEARTH_TRY_ASSIGN(DatabaseRows rows, DatabaseRows::open(db));
    return egress::report(rows, query);
  }

 private:
  store::TempDir dir_;
  std::atomic<WallTime> now_{WallTime(std::chrono::seconds(1'700'000'000))};
  LedgerOptions options_;
  std::unique_ptr<store::StoreThread> store_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<VerifyKey> key_;
};

// For a failed expectation: what was found.
inline std::string told(const Result<Audit>& audit) {
  if (!audit) return audit.error().describe();
  std::string text = "sound";
  for (const Finding& f : audit->findings)
    text += "\n" + std::string(to_string(f.kind)) + " " + std::to_string(f.number) + ": " + f.what;
  return text;
}

}  // namespace hearth::egress
