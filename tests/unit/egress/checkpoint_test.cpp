#include "temp_dir.h"

#include <hearth/core/file.h>
#include <hearth/egress/checkpoint.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

namespace hearth::egress {
namespace {

Hash some_root() {
  return leaf_hash("a root");
}

// The pair of keys in the documentation of Go's package note.
TEST(Checkpoint, KeysAreWrittenAsOthersWriteThem) {
  const auto key = SigningKey::parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(key->verify_key().to_string(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  EXPECT_EQ(key->to_string(), "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
}

TEST(Checkpoint, WhatIsSignedVerifies) {
  const SigningKey key = SigningKey::generate("hearth-egress/test");
  const std::string note = key.sign(17, some_root());
  const auto parsed = parse_checkpoint(note);
  ASSERT_TRUE(parsed) << parsed.error().describe();
  EXPECT_EQ(parsed->checkpoint, (Checkpoint{"hearth-egress/test", 17, some_root()}));
  EXPECT_TRUE(key.verify_key().verify(*parsed));
  const auto public_key = VerifyKey::parse(key.verify_key().to_string());
  ASSERT_TRUE(public_key);
  EXPECT_TRUE(public_key->verify(*parsed));
  const SigningKey other = SigningKey::generate("hearth-egress/test");
  EXPECT_FALSE(other.verify_key().verify(*parsed));
}

TEST(Checkpoint, OthersMaySignToo) {
  const SigningKey key = SigningKey::generate("hearth-egress/test");
  const std::string note = key.sign(17, some_root());
  const std::string witness = SigningKey::generate("witness.example/1").sign(17, some_root());
  const auto both = parse_checkpoint(note + witness.substr(witness.rfind("\n\n") + 2));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->signatures.size(), 2U);
  EXPECT_TRUE(key.verify_key().verify(*both));
}

RC_GTEST_PROP(Checkpoint, AnyChangedByteIsSeen, ()) {
  static const SigningKey key = SigningKey::generate("hearth-egress/test");
  const std::string note = key.sign(*rc::gen::arbitrary<std::uint32_t>(), some_root());
  std::string changed = note;
  changed[*rc::gen::inRange<std::size_t>(0, note.size())] = *rc::gen::arbitrary<char>();
  RC_PRE(changed != note);
  const auto parsed = parse_checkpoint(changed);
  RC_ASSERT((!parsed || !key.verify_key().verify(*parsed)));
}

TEST(Checkpoint, WhatIsNoNoteIsRefused) {
  const std::string note = SigningKey::generate("hearth-egress/test").sign(10, some_root());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = note;
    return changed.replace(changed.find(from), from.size(), to);
  };
  for (const std::string& bad :
       {std::string(), std::string("\n\n"), note.substr(0, note.size() - 1), note.substr(0, note.rfind("\n\n") + 2),
        with("\n10\n", "\n010\n"), with("\n10\n", "\n-1\n"), with("\n10\n", "\n99999999999999999999\n"),
        with("\n10\n", "\n\n"), with("=\n\n", "\n\n"), with("\xE2\x80\x94 ", "- "), note + "\n", note + note,
        with("10", "1\t0"), std::string(200'000, 'x')})
    EXPECT_FALSE(parse_checkpoint(bad)) << bad.substr(0, 200);
  EXPECT_TRUE(parse_checkpoint(with("\n10\n", "\n0\n")));
}

TEST(Checkpoint, TheKeyIsMadeOnceAndOnlyItsOwnerReadsIt) {
  const store::TempDir dir;
  const auto made = load_or_make_key(dir / "egress.key");
  ASSERT_TRUE(made) << made.error().describe();
  struct stat status{};
  ASSERT_EQ(::stat((dir / "egress.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = load_or_make_key(dir / "egress.key");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->to_string(), made->to_string());
  ASSERT_TRUE(write_file_atomic(dir / "egress.key", "something else\n", 0600));
  const auto broken = load_or_make_key(dir / "egress.key");
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().is(Errc::corrupt));
}

}  // namespace
}  // namespace hearth::egress
