// A call whose first byte may have left has its record, whenever the process was killed.
#include "ledger_bench.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <random>
#include <set>

namespace hearth::egress {
namespace {

constexpr std::size_t kIdLength = 12;

// In the child: begins calls without end, several at a time, and tells each one when it may be sent; every other one is
// completed.
[[noreturn]] void make_calls(const std::filesystem::path& folder, int round, int out) {
  auto store = store::StoreThread::start(folder / "hearth.db", store::schema());
  if (!store) _exit(3);
  LedgerOptions options;
  options.checkpoint_records = 5;
  auto ledger = Ledger::open(**store, folder / "egress.key", options);
  if (!ledger) _exit(4);
  std::atomic<int> waiting{0};
  for (int i = 0;; ++i) {
    Begin record;
    record.time = wall_now();
    record.call = fmt::format("req_{:02}_{:05}", round, i);
    record.rule = "clouds";
    record.destination = "api.example.com:443";
    ++waiting;
    (*ledger)->begin(record, [&, i, id = record.call](const Result<Ledger::Call>& call) {
      if (!call || ::write(out, id.data(), kIdLength) != static_cast<ssize_t>(kIdLength)) _exit(5);
      Complete complete;
      complete.time = wall_now();
      if (i % 2 == 0) (*ledger)->complete(*call, complete);
      --waiting;
      waiting.notify_one();
    });
    for (int n = waiting; n > 3; n = waiting) waiting.wait(n);
  }
}

TEST(LedgerCrash, WhatMayHaveLeftIsRecorded) {
  const store::TempDir dir;
  std::mt19937 random(20231114);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same kills each time
  std::set<std::string> told;
  for (int round = 0; round < 15; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) make_calls(dir.path(), round, ends[1]);
    close(ends[1]);
    std::string id(kIdLength, '\0');
    const auto calls = std::uniform_int_distribution<int>(1, 25)(random);
    for (int i = 0; i < calls; ++i) {
      ASSERT_EQ(read(ends[0], id.data(), kIdLength), static_cast<ssize_t>(kIdLength)) << "round " << round;
      told.insert(id);
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
    while (read(ends[0], id.data(), kIdLength) == static_cast<ssize_t>(kIdLength)) told.insert(id);
    close(ends[0]);

    const auto key = load_or_make_key(dir / "egress.key");
    ASSERT_TRUE(key);
    auto db = store::Connection::open_read_only(dir / "hearth.db");
    ASSERT_TRUE(db) << db.error().describe();
    auto rows = DatabaseRows::open(*db);
    ASSERT_TRUE(rows);
    const auto audited = audit(*rows, key->verify_key());
    ASSERT_TRUE(audited && audited->sound()) << "round " << round << ": " << egress::told(audited);
    std::set<std::string> recorded;
    ASSERT_TRUE(rows->rewind());
    for (auto row = rows->next(); row && *row; row = rows->next()) {
      const auto record = decode((*row)->record);
      ASSERT_TRUE(record);
      if (const auto* begin = std::get_if<Begin>(&record->entry)) recorded.insert(begin->call);
    }
    for (const std::string& call : told) EXPECT_TRUE(recorded.contains(call)) << call << " in round " << round;
    EXPECT_EQ(audited->calls, recorded.size());
    const auto never_completed =
        std::ranges::count_if(recorded, [](const std::string& call) { return (call.back() - '0') % 2 == 1; });
    EXPECT_GE(audited->unfinished, static_cast<std::uint64_t>(never_completed));
  }
}

}  // namespace
}  // namespace hearth::egress
