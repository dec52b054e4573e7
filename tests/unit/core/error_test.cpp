#include <hearth/core/error.h>

#include <gtest/gtest.h>

#include <cerrno>

namespace hearth {
namespace {

Result<int> parse(bool good) {
  if (!good) return fail(Errc::invalid_argument, "the number is missing");
  return 7;
}

Result<int> doubled(bool good) {
  HEARTH_TRY_ASSIGN(const int n, parse(good));
  return 2 * n;
}

Result<void> checked(bool good) {
  HEARTH_TRY(parse(good));
  return {};
}

TEST(Error, TryPropagatesTheErrorAndUnwrapsTheValue) {
  EXPECT_EQ(doubled(true).value(), 14);
  EXPECT_TRUE(checked(true).has_value());
  ASSERT_FALSE(doubled(false).has_value());
  EXPECT_TRUE(doubled(false).error().is(Errc::invalid_argument));
  EXPECT_FALSE(checked(false).has_value());
}

TEST(Error, WrapKeepsTheCodeAndTheStory) {
  const Error inner(Errc::not_found, "there is no file a.yaml");
  const Error outer = inner.wrap("cannot load the engine").wrap("cannot start");
  EXPECT_TRUE(outer.is(Errc::not_found));
  EXPECT_EQ(outer.describe(), "cannot start: cannot load the engine: there is no file a.yaml");
  ASSERT_NE(outer.cause(), nullptr);
  EXPECT_EQ(outer.cause()->message(), "cannot load the engine");
}

TEST(Error, SystemCodesCountAsIoErrors) {
  const Error e = fail_errno(ENOSPC, "cannot write").error();
  EXPECT_EQ(e.kind(), Errc::io_error);
  EXPECT_FALSE(e.is(Errc::io_error));
  EXPECT_EQ(e.code(), std::errc::no_space_on_device);
  EXPECT_EQ(e.message().rfind("cannot write: ", 0), 0U);
}

TEST(Error, OnlyWhatCanPassByItselfIsRetryable) {
  EXPECT_TRUE(Error(Errc::unavailable, "").retryable());
  EXPECT_TRUE(Error(Errc::resource_exhausted, "").retryable());
  EXPECT_FALSE(Error(Errc::invalid_argument, "").retryable());
  EXPECT_FALSE(Error(Errc::cancelled, "").retryable());
}

TEST(Error, EveryCodeHasANameOfItsOwn) {
  for (int a = 1; a <= static_cast<int>(Errc::internal); ++a) {
    EXPECT_NE(to_string(static_cast<Errc>(a)), "unknown");
    for (int b = 1; b < a; ++b) EXPECT_NE(to_string(static_cast<Errc>(a)), to_string(static_cast<Errc>(b)));
  }
  EXPECT_EQ(to_string(static_cast<Errc>(999)), "unknown");
}

}  // namespace
}  // namespace hearth
