// `hearth egress` on a real ledger, without a hearthd.
#include <hearth/core/file.h>
#include <hearth/egress/ledger.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <future>

namespace hearth::tool {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

class EgressCommand : public testing::Test {
 protected:
  EgressCommand() {
    std::string name = testing::TempDir() + "hearth_egress.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~EgressCommand() override {
    std::error_code ec;
    fs::remove_all(folder_, ec);
  }

  // Two calls, one of them personal, as hearthd leaves them when it stops.
  void make_ledger() {
    auto store = store::StoreThread::start(folder_ / "hearth.db", store::schema());
    ASSERT_TRUE(store) << store.error().describe();
    auto ledger = egress::Ledger::open(**store, folder_ / "egress.key", {});
    ASSERT_TRUE(ledger) << ledger.error().describe();
    for (const DataClass data_class : {DataClass::internal, DataClass::personal}) {
      egress::Begin begin;
      begin.time = wall_now();
      begin.call = "req_1";
      begin.who = "key_a";
      begin.data_class = data_class;
      begin.rule = "clouds";
      begin.destination = "api.example.com:443";
      begin.bytes = 2048;
      ASSERT_TRUE((*ledger)->begin_in_background(begin));
    }
  }

  [[nodiscard]] Ran run(const std::string& arguments) const {
    const std::string command =
        fmt::format("cd {0} && env -u NO_COLOR -u HEARTH_URL {1} --data {0} {2} >{0}/out 2>{0}/err </dev/null",
                    folder_.string(), HEARTH_PROGRAM, arguments);
    const int status = std::system(command.c_str());
    Ran ran;
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.out = read_file(folder_ / "out", 1U << 20U).value_or("");
    ran.err = read_file(folder_ / "err", 1U << 20U).value_or("");
    return ran;
  }
  void sql(std::string_view text) const {
    auto db = store::Connection::open(folder_ / "hearth.db");
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->execute(text));
  }

  fs::path folder_;
};

TEST_F(EgressCommand, WithoutALedgerSaysWhatIsMissing) {
  const Ran verified = run("egress verify");
  EXPECT_EQ(verified.status, 1);
  EXPECT_THAT(verified.err, HasSubstr("egress.key is missing"));
  const Ran reported = run("egress report");
  EXPECT_EQ(reported.status, 1);
  EXPECT_THAT(reported.err, HasSubstr("there is no database"));
}

TEST_F(EgressCommand, ReportsWhatLeft) {
  make_ledger();
  const Ran all = run("egress report --since 24h");
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("Of class personal or above, 1 call left this box since"));
  EXPECT_THAT(all.out, HasSubstr("1 call to api.example.com:443 (rule clouds)"));
  EXPECT_THAT(all.out, HasSubstr("internal"));
  EXPECT_THAT(all.out, HasSubstr("2.0 KiB"));
  const Ran secret = run("egress report --class secret");
  EXPECT_EQ(secret.out, "Nothing of class secret left this box.\n");
  const Ran program = run("egress report --class personal --json");
  const auto answer = boost::json::parse(program.out);
  EXPECT_EQ(answer.at("calls").as_int64(), 1);
  EXPECT_EQ(answer.at("data").as_array().size(), 1U);
  EXPECT_EQ(run("egress report --class mine").status, 2);
  const Ran when = run("egress report --since whenever");
  EXPECT_EQ(when.status, 5);
  EXPECT_THAT(when.err, HasSubstr("'whenever' is no time"));
}

TEST_F(EgressCommand, VerifiesAndFindsTampering) {
  make_ledger();
  const Ran sound = run("egress verify");
  EXPECT_EQ(sound.status, 0) << sound.err;
  EXPECT_THAT(sound.out, HasSubstr("The egress ledger is as it was written.\n2 records"));
  const Ran kept = run("egress checkpoint");
  EXPECT_EQ(kept.status, 0) << kept.err;
  EXPECT_THAT(kept.err, HasSubstr("hearthd does not run"));
  ASSERT_TRUE(write_file_atomic(folder_ / "kept.txt", kept.out));
  const Ran trusted = run("egress verify --checkpoint kept.txt");
  EXPECT_EQ(trusted.status, 0) << trusted.err;
  EXPECT_THAT(trusted.out, HasSubstr("goes on from the given checkpoint of 2 records"));

  const Ran key = run("egress key");
  ASSERT_TRUE(key.out.ends_with('\n'));
  fs::copy_file(folder_ / "hearth.db", folder_ / "copy.db");
  fs::rename(folder_ / "egress.key", folder_ / "moved.key");
  const std::string elsewhere =
      fmt::format("egress verify --database copy.db --public-key '{}'", key.out.substr(0, key.out.size() - 1));
  EXPECT_EQ(run(elsewhere).status, 0);
  EXPECT_EQ(run("egress verify --public-key nonsense").status, 5);
  fs::rename(folder_ / "moved.key", folder_ / "egress.key");

  sql("UPDATE egress_records SET record = replace(record, 'personal', 'internal') WHERE number = 1");
  const Ran found = run("egress verify");
  EXPECT_EQ(found.status, 7) << found.err;
  EXPECT_THAT(found.out, HasSubstr("altered"));
  const auto answer = boost::json::parse(run("egress verify --json").out);
  EXPECT_FALSE(answer.at("sound").as_bool());
  EXPECT_EQ(answer.at("findings").at(0).at("number").as_int64(), 1);

  const Ran aside = run("egress set-aside");
  EXPECT_EQ(aside.status, 0) << aside.err;
  make_ledger();
  EXPECT_EQ(run("egress verify").status, 0);
  EXPECT_EQ(run("egress verify --checkpoint kept.txt").status, 7) << "it is another ledger";
}

}  // namespace
}  // namespace hearth::tool
