#include "temp_dir.h"

#include <hearth/core/file.h>
#include <hearth/store/database.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace hearth::store {
namespace {

using testing::HasSubstr;

constexpr std::array<std::string_view, 2> kTwo{"CREATE TABLE a (x INTEGER UNIQUE, t TEXT)",
                                               "ALTER TABLE a ADD COLUMN y TEXT"};

std::int64_t count(Connection& connection, std::string_view table) {
  auto query = connection.prepare("SELECT count(*) FROM " + std::string(table));
  EXPECT_TRUE(query);
  EXPECT_TRUE(query->step().value());
  return query->integer(0);
}

TEST(Database, KeepsWhatWasWritten) {
  const TempDir dir;
  {
    auto db = Connection::open(dir / "a.db");
    ASSERT_TRUE(db) << db.error().describe();
    ASSERT_TRUE(db->migrate(kTwo));
    ASSERT_TRUE(db->run("INSERT INTO a VALUES (?1, ?2, ?3)", 7, std::string_view(), std::optional<std::string>()));
    ASSERT_TRUE(db->run("INSERT INTO a VALUES (?1, ?2, ?3)", 8U, "tëxt", std::optional<std::string>("y")));
    EXPECT_EQ(db->changes(), 1);
  }
  auto db = Connection::open(dir / "a.db");
  ASSERT_TRUE(db);
  auto rows = db->prepare("SELECT x, t, y FROM a WHERE x >= ?1 ORDER BY x");
  ASSERT_TRUE(rows);
  ASSERT_TRUE(rows->bind(7));
  ASSERT_TRUE(rows->step().value());
  EXPECT_EQ(rows->integer(0), 7);
  EXPECT_EQ(rows->text(1), "");
  EXPECT_FALSE(rows->is_null(1));
  EXPECT_TRUE(rows->is_null(2));
  ASSERT_TRUE(rows->step().value());
  EXPECT_EQ(rows->text(1), "tëxt");
  EXPECT_FALSE(rows->step().value());
  rows->reset();
  ASSERT_TRUE(rows->bind(8));
  ASSERT_TRUE(rows->step().value());
  EXPECT_EQ(rows->integer(0), 8);
}

TEST(Database, OnlyTheOwnerReadsTheFile) {
  const TempDir dir;
  auto db = Connection::open(dir / "a.db");
  ASSERT_TRUE(db);
  ASSERT_TRUE(db->migrate(kTwo));
  for (const char* name : {"a.db", "a.db-wal", "a.db-shm"}) {
    struct stat st{};
    ASSERT_EQ(stat((dir / name).c_str(), &st), 0) << name;
    EXPECT_EQ(st.st_mode & 0777U, 0600U) << name;
  }
}

TEST(Database, MigratesStepByStepAndOnlyOnce) {
  const TempDir dir;
  {
    auto db = Connection::open(dir / "a.db");
    ASSERT_TRUE(db->migrate(std::span(kTwo).first(1)));
    ASSERT_TRUE(db->run("INSERT INTO a VALUES (1, 'kept')"));
  }
  auto db = Connection::open(dir / "a.db");
  ASSERT_TRUE(db->migrate(kTwo));
  ASSERT_TRUE(db->migrate(kTwo));
  EXPECT_EQ(count(*db, "a"), 1);

  const auto older = db->migrate(std::span(kTwo).first(1));
  ASSERT_FALSE(older);
  EXPECT_TRUE(older.error().is(Errc::failed_precondition));
  EXPECT_THAT(older.error().message(), HasSubstr("newer Hearth"));
}

TEST(Database, AMigrationThatFailsLeavesTheOldSchema) {
  const TempDir dir;
  auto db = Connection::open(dir / "a.db");
  constexpr std::array<std::string_view, 2> kBroken{kTwo[0], "CREATE TABLE b (x); CREATE TABLE a (again)"};
  const auto failed = db->migrate(kBroken);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().describe(), HasSubstr("version 2"));
  EXPECT_FALSE(db->in_transaction());
  EXPECT_FALSE(db->prepare("SELECT * FROM b"));
  EXPECT_TRUE(db->migrate(kTwo));
}

TEST(Database, AConstraintIsAlreadyExists) {
  const TempDir dir;
  auto db = Connection::open(dir / "a.db");
  ASSERT_TRUE(db->migrate(kTwo));
  ASSERT_TRUE(db->run("INSERT INTO a VALUES (1, '', '')"));
  const auto twice = db->run("INSERT INTO a VALUES (1, '', '')");
  ASSERT_FALSE(twice);
  EXPECT_TRUE(twice.error().is(Errc::already_exists));
}

TEST(Database, AFileThatIsNoDatabaseIsCorrupt) {
  const TempDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "a.db", std::string(8192, 'x')));
  const auto db = Connection::open(dir / "a.db");
  ASSERT_FALSE(db);
  EXPECT_TRUE(db.error().is(Errc::corrupt)) << db.error().describe();
  EXPECT_THAT(db.error().message(), HasSubstr((dir / "a.db").string() + ": the file is damaged; restore it"));
}

TEST(Database, ADamagedPageIsFoundWhenTheFileIsOpened) {
  const TempDir dir;
  {
    auto db = Connection::open(dir / "a.db");
    ASSERT_TRUE(db->migrate(kTwo));
    ASSERT_TRUE(
        db->execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000) "
                    "INSERT INTO a SELECT i, hex(randomblob(20)), '' FROM n"));
  }
  auto bytes = read_file(dir / "a.db", std::size_t{1} << 24U);
  ASSERT_TRUE(bytes);
  ASSERT_GT(bytes->size(), 5U * 4096);
  bytes->replace(2 * 4096, 3 * 4096, 3 * 4096, '\xee');
  ASSERT_TRUE(write_file_atomic(dir / "a.db", *bytes));
  const auto db = Connection::open(dir / "a.db");
  ASSERT_FALSE(db);
  EXPECT_TRUE(db.error().is(Errc::corrupt)) << db.error().describe();
}

TEST(Database, AFullDiskIsToldAndLeavesTheDatabaseUsable) {
  const TempDir dir;
  auto db = Connection::open(dir / "a.db");
  ASSERT_TRUE(db->migrate(kTwo));
  ASSERT_TRUE(db->execute("PRAGMA max_page_count=6"));  // SQLite's own way to run out of space
  const auto full = db->run("INSERT INTO a VALUES (1, ?1, '')", std::string(100'000, 'x'));
  ASSERT_FALSE(full);
  EXPECT_TRUE(full.error().is(Errc::resource_exhausted)) << full.error().describe();
  EXPECT_THAT(full.error().message(), HasSubstr("the disk is full"));
  EXPECT_TRUE(db->run("INSERT INTO a VALUES (1, 'small', '')"));
}

// Root ignores permissions, so the read-only place is seen by a child that gives root up.
TEST(Database, AReadOnlyFolderIsAClearError) {
  const TempDir dir;
  chmod(dir.path().c_str(), 0555);
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(2);
    const auto db = Connection::open(dir / "a.db");
    const bool clear = !db && db.error().is(Errc::failed_precondition) &&
                       db.error().message().find("cannot be written; check owner") != std::string::npos;
    _exit(clear ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace hearth::store
