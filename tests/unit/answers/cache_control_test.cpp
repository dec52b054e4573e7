#include <hearth/answers/cache_control.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::answers {
namespace {

constexpr Seconds kDay{86'400};

TEST(CacheControlTest, ReadsWhatItKnowsAndLeavesTheRest) {
  EXPECT_EQ(parse_cache_control(""), CacheControl());
  EXPECT_EQ(parse_cache_control("no-store"), (CacheControl{.no_store = true}));
  EXPECT_EQ(parse_cache_control(" No-Cache ,\tmax-age = 60"), (CacheControl{.no_cache = true, .max_age = Seconds(60)}));
  EXPECT_EQ(parse_cache_control("max-age=\"5\", private, x=no-store"), (CacheControl{.max_age = Seconds(5)}));
  EXPECT_EQ(parse_cache_control("max-age=60, max-age=5"), (CacheControl{.max_age = Seconds(5)}));
  EXPECT_EQ(parse_cache_control("max-age=soon"), (CacheControl{.max_age = Seconds(0)}));
  EXPECT_EQ(parse_cache_control("max-age=-1"), (CacheControl{.max_age = Seconds(0)}));
  EXPECT_EQ(parse_cache_control("max-age=99999999999999999999"), (CacheControl{.max_age = Seconds(0x7fffffff)}));
  EXPECT_EQ(parse_cache_control("max-age"), CacheControl());
  EXPECT_EQ(parse_cache_control("no-stores"), CacheControl());
}

TEST(CacheControlTest, TermsFollowTheRequest) {
  const auto terms = [](std::string_view header, DataClass data_class = DataClass::internal) {
    return cache_terms(true, parse_cache_control(header), data_class, kDay);
  };
  EXPECT_EQ(terms(""), (CacheTerms{true, true, kDay}));
  EXPECT_EQ(terms("no-store"), CacheTerms());
  EXPECT_EQ(terms("no-cache"), (CacheTerms{false, true, kDay}));
  EXPECT_EQ(terms("max-age=60"), (CacheTerms{true, true, Seconds(60)}));
  EXPECT_EQ(terms("max-age=0"), (CacheTerms{false, true, Seconds(0)}));
  EXPECT_EQ(terms("max-age=999999"), (CacheTerms{true, true, kDay}));
  EXPECT_EQ(terms("", DataClass::secret), CacheTerms());
  EXPECT_EQ(cache_terms(false, {}, DataClass::open, kDay), CacheTerms());
}

// Whatever the header says: it only ever takes something away.
RC_GTEST_PROP(CacheControlTest, AHeaderNeverAllowsMore, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("no-store", "no-cache", "max-age=", "5", "\"", ",", " ", "=", "x", "MAX-AGE=70"));
  std::string header;
  for (const std::string& word : words) header += word;
  const auto data_class = kDataClasses[*rc::gen::inRange<std::size_t>(0, 4)].second;
  const bool cacheable = *rc::gen::arbitrary<bool>();
  const CacheTerms with = cache_terms(cacheable, parse_cache_control(header), data_class, kDay);
  const CacheTerms without = cache_terms(cacheable, {}, data_class, kDay);
  RC_ASSERT(!with.look || without.look);
  RC_ASSERT(!with.store || without.store);
  RC_ASSERT(with.max_age <= without.max_age);
  RC_ASSERT(data_class != DataClass::secret || (!with.look && !with.store));
}

}  // namespace
}  // namespace hearth::answers
