#include "temp_dir.h"

#include <hearth/core/file.h>
#include <hearth/store/keys.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace hearth::store {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

class Keys : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override { close(); }

  void open() {
    auto store = StoreThread::start(dir_ / "keys.db", schema());
    ASSERT_TRUE(store) << store.error().describe();
    store_ = std::move(*store);
    auto keys = KeyStore::open(*store_);
    ASSERT_TRUE(keys) << keys.error().describe();
    keys_ = std::move(*keys);
  }
  void close() {
    keys_.reset();
    store_.reset();
  }
  Result<NewKey> create(std::string name, WallTime now = kNow, std::optional<DataClass> data_class = {}) {
    std::promise<Result<NewKey>> answer;
    keys_->create(std::move(name), data_class, now, [&](Result<NewKey> r) { answer.set_value(std::move(r)); });
    return answer.get_future().get();
  }
  Result<KeyInfo> remove(std::string id_or_name) {
    std::promise<Result<KeyInfo>> answer;
    keys_->remove(std::move(id_or_name), [&](Result<KeyInfo> r) { answer.set_value(std::move(r)); });
    return answer.get_future().get();
  }
  std::int64_t stored_last_use() {
    return store_
        ->call([](Connection& c) -> Result<std::int64_t> {
          HEARTH_TRY_ASSIGN(Statement query, c.prepare("SELECT coalesce(last_used, -1) FROM api_keys"));
          HEARTH_TRY(query.step());
          return query.integer(0);
        })
        .get()
        .value();
  }

  TempDir dir_;
  std::unique_ptr<StoreThread> store_;
  std::unique_ptr<KeyStore> keys_;
};

TEST_F(Keys, ANewKeyVerifiesAtOnceAndAfterARestart) {
  EXPECT_TRUE(keys_->empty());
  const auto made = create("laptop");
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_THAT(made->key, StartsWith("hearth_"));
  EXPECT_THAT(made->key, SizeIs(50));
  EXPECT_EQ(made->info.prefix, made->key.substr(0, 12));
  EXPECT_THAT(made->info.id, StartsWith("key_"));
  EXPECT_EQ(made->info.created, kNow);
  for (int i = 0; i < 2; ++i) {
    const auto who = keys_->verify(made->key, kNow);
    ASSERT_TRUE(who);
    EXPECT_EQ(who->id, made->info.id);
    EXPECT_EQ(who->name, "laptop");
    EXPECT_FALSE(keys_->empty());
    close();
    open();
  }
}

TEST_F(Keys, AKeySaysWhatClassItsDataAreOf) {
  const auto plain = create("plain");
  const auto personal = create("personal", kNow, DataClass::personal);
  ASSERT_TRUE(plain && personal);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(keys_->verify(plain->key, kNow)->data_class, std::nullopt);
    EXPECT_EQ(keys_->verify(personal->key, kNow)->data_class, DataClass::personal);
    EXPECT_EQ(keys_->list().size(), 2U);
    close();
    open();
  }
  auto altered = store_->call([](Connection& c) -> Result<bool> {
    HEARTH_TRY(c.run("UPDATE api_keys SET data_class = 'top secret' WHERE data_class IS NOT NULL"));
    return true;
  });
  ASSERT_TRUE(altered.get());
  close();
  open();
  EXPECT_EQ(keys_->verify(personal->key, kNow)->data_class, DataClass::secret);  // what nobody can read is no leave
}

TEST_F(Keys, TheKeyItselfIsNowhereOnTheDisk) {
  const auto made = create("laptop");
  ASSERT_TRUE(made);
  const auto in_use = read_file(dir_ / "keys.db-wal", std::size_t{1} << 24U);
  close();
  const auto at_rest = read_file(dir_ / "keys.db", std::size_t{1} << 24U);
  ASSERT_TRUE(in_use);
  ASSERT_TRUE(at_rest);
  const std::string secret = made->key.substr(12);
  EXPECT_THAT(*in_use, HasSubstr("laptop"));
  EXPECT_THAT(*in_use, Not(HasSubstr(secret)));
  EXPECT_THAT(*at_rest, HasSubstr("laptop"));
  EXPECT_THAT(*at_rest, Not(HasSubstr(secret)));
  open();
}

TEST_F(Keys, WrongKeysAreRefused) {
  const auto made = create("laptop");
  ASSERT_TRUE(made);
  std::string altered = made->key;
  altered.back() = altered.back() == 'A' ? 'B' : 'A';
  for (const std::string& wrong : {std::string(), std::string("hearth_"), altered, made->key + "x", made->key.substr(1),
                                   std::string(8'000'000, 'x'), std::string(50, '\0')}) {
    const auto who = keys_->verify(wrong, kNow);
    ASSERT_FALSE(who);
    EXPECT_TRUE(who.error().is(Errc::unauthenticated));
    EXPECT_THAT(who.error().message(), HasSubstr("hearth keys new"));
  }
}

TEST_F(Keys, AreRemovedByIdOrByAnUnambiguousName) {
  const auto a = create("one");
  const auto b = create("two", kNow + 1s);
  const auto c = create("two", kNow + 2s);
  ASSERT_TRUE(a && b && c);
  EXPECT_THAT(keys_->list(), SizeIs(3));
  EXPECT_EQ(keys_->list().front().name, "one");

  const auto ambiguous = remove("two");
  ASSERT_FALSE(ambiguous);
  EXPECT_TRUE(ambiguous.error().is(Errc::invalid_argument));
  EXPECT_THAT(ambiguous.error().message(), HasSubstr(b->info.id));
  EXPECT_THAT(ambiguous.error().message(), HasSubstr(c->info.id));

  const auto by_id = remove(b->info.id);
  ASSERT_TRUE(by_id) << by_id.error().describe();
  EXPECT_EQ(by_id->id, b->info.id);
  EXPECT_FALSE(keys_->verify(b->key, kNow));
  EXPECT_TRUE(keys_->verify(c->key, kNow));
  ASSERT_TRUE(remove("two"));
  EXPECT_FALSE(keys_->verify(c->key, kNow));
  EXPECT_TRUE(remove("two").error().is(Errc::not_found));

  close();
  open();
  EXPECT_THAT(keys_->list(), SizeIs(1));
  EXPECT_TRUE(keys_->verify(a->key, kNow));
}

TEST_F(Keys, AnIdWinsOverAKeyOfThatName) {
  const auto a = create("one");
  ASSERT_TRUE(a);
  const auto named_like_it = create(a->info.id);
  ASSERT_TRUE(named_like_it);
  EXPECT_EQ(remove(a->info.id)->id, a->info.id);
  EXPECT_TRUE(keys_->verify(named_like_it->key, kNow));
}

TEST_F(Keys, NamesAreChecked) {
  for (const std::string& bad : {std::string(), std::string(" x"), std::string("a\nb"), std::string("\xff"),
                                 std::string(101, 'n'), std::string("a\0b", 3)}) {
    const auto made = create(bad);
    ASSERT_FALSE(made) << bad;
    EXPECT_TRUE(made.error().is(Errc::invalid_argument));
  }
  EXPECT_THAT(keys_->list(), IsEmpty());
  std::string hundred_umlauts;
  for (int i = 0; i < 100; ++i) hundred_umlauts += "ü";
  EXPECT_TRUE(create(hundred_umlauts));
  EXPECT_TRUE(create("it's \"mine\"; DROP TABLE api_keys"));
  EXPECT_THAT(keys_->list(), SizeIs(2));
}

TEST_F(Keys, TheLastUseIsKnownAtOnceButStoredOnceAMinute) {
  const auto made = create("laptop");
  ASSERT_TRUE(made);
  EXPECT_EQ(keys_->list().front().last_used, std::nullopt);
  ASSERT_TRUE(keys_->verify(made->key, kNow + 5s));
  EXPECT_EQ(stored_last_use(), unix_seconds(kNow + 5s));
  ASSERT_TRUE(keys_->verify(made->key, kNow + 64s));
  EXPECT_EQ(keys_->list().front().last_used, kNow + 64s);
  EXPECT_EQ(stored_last_use(), unix_seconds(kNow + 5s));
  ASSERT_TRUE(keys_->verify(made->key, kNow + 65s));
  EXPECT_EQ(stored_last_use(), unix_seconds(kNow + 65s));
  ASSERT_TRUE(keys_->verify(made->key, kNow + 80s));
  close();  // an orderly end stores what is newer
  open();
  EXPECT_EQ(keys_->list().front().last_used, kNow + 80s);
}

TEST_F(Keys, AKeyThatCouldNotBeStoredIsNotInForce) {
  ASSERT_TRUE(create("first"));
  ASSERT_TRUE(store_
                  ->call([](Connection& c) -> Result<int> {
                    HEARTH_TRY(
                        c.execute("CREATE TEMP TRIGGER broken BEFORE INSERT ON api_keys "
                                  "BEGIN SELECT RAISE(FAIL, 'no room'); END"));
                    return 0;
                  })
                  .get());
  EXPECT_FALSE(create("second"));
  EXPECT_THAT(keys_->list(), SizeIs(1));
}

TEST_F(Keys, VerifyingGoesOnWhileKeysComeAndGo) {
  const auto steady = create("steady");
  ASSERT_TRUE(steady);
  std::atomic<bool> stop{false};
  std::atomic<int> misses{0};
  std::thread reader([&] {
    while (!stop)
      if (!keys_->verify(steady->key, kNow)) ++misses;
  });
  for (int i = 0; i < 30; ++i) {
    const auto made = create("passing");
    ASSERT_TRUE(made);
    EXPECT_TRUE(keys_->verify(made->key, kNow));
    ASSERT_TRUE(remove(made->info.id));
    EXPECT_FALSE(keys_->verify(made->key, kNow));
  }
  stop = true;
  reader.join();
  EXPECT_EQ(misses, 0);
}

}  // namespace
}  // namespace hearth::store
