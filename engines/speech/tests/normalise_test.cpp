#include "text/normalise.h"

#include "text/chars.h"

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <random>
#include <string>

namespace hearth::speech {
namespace {

std::string english(std::string_view text) {
  return normalise(text, {});
}
std::string chinese(std::string_view text) {
  return normalise(text, {Rules::english, Rules::chinese, Rules::chinese});
}

struct Case {
  const char* written;
  const char* said;
};
void PrintTo(const Case& c, std::ostream* os) {
  *os << c.written;
}

class English : public ::testing::TestWithParam<Case> {};

TEST_P(English, IsSaidInWords) {
  const std::string said = english(GetParam().written);
  EXPECT_EQ(said, GetParam().said);
  EXPECT_EQ(english(said), said) << "a second pass changed it";
}

INSTANTIATE_TEST_SUITE_P(
    Times, English,
    ::testing::Values(Case{"at 02:17", "at two seventeen"}, Case{"14:05:30", "fourteen oh five and thirty seconds"},
                      Case{"7pm", "seven PM"}, Case{"at 7 p.m. sharp", "at seven PM sharp"},
                      Case{"It ends at 7 p.m. Then we go.", "It ends at seven PM. Then we go."},
                      Case{"7:30 a.m.", "seven thirty AM."}, Case{"7:00pm", "seven PM"}, Case{"7:00", "seven o'clock"},
                      Case{"14:00", "fourteen hundred"}, Case{"00:00", "midnight"}, Case{"00:05", "zero oh five"},
                      Case{"from 9:15 to 10:45.", "from nine fifteen to ten forty five."}, Case{"25:99", "25:99"},
                      Case{"a 3:1 lead", "a 3:1 lead"}, Case{"9:15, then", "nine fifteen, then"}));

INSTANTIATE_TEST_SUITE_P(
    Dates, English,
    ::testing::Values(Case{"2026-03-05", "March fifth, twenty twenty six"},
                      Case{"on 2026-03-05T14:05:30Z.",
                           "on March fifth, twenty twenty six, fourteen oh five and thirty "
                           "seconds UTC."},
                      Case{"2026-03-05 14:05", "March fifth, twenty twenty six, fourteen oh five"},
                      Case{"2026-03-05T14:05+02:00", "March fifth, twenty twenty six, fourteen oh five UTC plus two"},
                      Case{"3/25/2026", "March twenty fifth, twenty twenty six"},
                      Case{"25/3/2026", "March twenty fifth, twenty twenty six"},
                      Case{"25.03.2026", "March twenty fifth, twenty twenty six"},
                      Case{"5 March 2026", "the fifth of March, twenty twenty six"},
                      Case{"the 5th of March", "the fifth of March"},
                      Case{"March 5, 2026", "March fifth, twenty twenty six"}, Case{"Mar. 5th", "March fifth"},
                      Case{"December 1999", "December nineteen ninety nine"},
                      Case{"May I have 3 apples", "May I have 3 apples"}, Case{"2026-13-45", "2026-13-45"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, English,
    ::testing::Values(Case{"3.14", "three point one four"}, Case{"0.05", "zero point zero five"},
                      Case{"1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"},
                      Case{"1,234.5", "one thousand two hundred thirty four point five"}, Case{"-5", "minus five"},
                      Case{"\u22125", "minus five"}, Case{"it is -4 now", "it is minus four now"},
                      Case{"30%", "thirty percent"}, Case{"3.5 %", "three point five percent"},
                      Case{"5\u201310%", "five to ten percent"}, Case{"3\u20135", "three to five"},
                      Case{"pages 12-18", "pages twelve to eighteen"},
                      Case{"2019-2023", "twenty nineteen to twenty twenty three"}, Case{"1st", "first"},
                      Case{"the 21st century", "the twenty first century"}, Case{"1/2", "one half"},
                      Case{"3/4 cup", "three quarters cup"}, Case{"24/7", "twenty four seven"},
                      Case{"1\u00BD", "one and a half"}, Case{"\u00BE", "three quarters"}, Case{"3x", "3x"},
                      Case{"3\u00D74", "three times four"},
                      Case{"1920x1080", "one thousand nine hundred twenty by one thousand eighty"},
                      Case{"x86-64", "x86-64"}, Case{"3D", "3D"}, Case{"COVID-19", "COVID-19"}));

INSTANTIATE_TEST_SUITE_P(
    Money, English,
    ::testing::Values(Case{"\u20AC3.50", "three euros and fifty cents"},
                      Case{"$1,200", "one thousand two hundred dollars"}, Case{"$1", "one dollar"},
                      Case{"$0.99", "ninety nine cents"}, Case{"\u00A35", "five pounds"},
                      Case{"\u00A31.01", "one pound and one penny"}, Case{"\u00A5500", "five hundred yen"},
                      Case{"5 \u20AC", "five euros"}, Case{"USD 5", "five dollars"}, Case{"5 EUR", "five euros"},
                      Case{"-$5", "minus five dollars"}, Case{"$1.2 million", "one point two million dollars"},
                      Case{"$5M", "five million dollars"}, Case{"$5\u2013$10", "five to ten dollars"},
                      Case{"\u20AC20/month", "twenty euros per month"},
                      Case{"$3.999", "three point nine nine nine dollars"}));

INSTANTIATE_TEST_SUITE_P(
    Units, English,
    ::testing::Values(Case{"21\u00B0C", "twenty one degrees Celsius"},
                      Case{"-3 \u00B0C", "minus three degrees Celsius"},
                      Case{"70 \u00B0F", "seventy degrees Fahrenheit"},
                      Case{"100 km/h", "one hundred kilometers per hour"}, Case{"1 km", "one kilometer"},
                      Case{"3.5 kWh", "three point five kilowatt hours"}, Case{"16GB", "sixteen gigabytes"},
                      Case{"80 MB/s", "eighty megabytes per second"}, Case{"5 mm", "five millimeters"},
                      Case{"70 kg.", "seventy kilograms."}, Case{"60 W", "sixty watts"}, Case{"5A", "five amps"},
                      Case{"Section 3 A", "Section 3 A"}, Case{"3\u20135 km", "three to five kilometers"},
                      Case{"3-5 km", "three to five kilometers"}, Case{"20 m\u00B2", "twenty square meters"},
                      Case{"10 ms", "ten milliseconds"}, Case{"5 minutes", "5 minutes"},
                      Case{"a 2.4GHz chip", "a two point four gigahertz chip"}));

INSTANTIATE_TEST_SUITE_P(
    Names, English,
    ::testing::Values(
        Case{"+49 30 1234567", "plus four nine, three zero, one two three four five six seven"},
        Case{"555-123-4567", "five five five, one two three, four five six seven"},
        Case{"(555) 123-4567", "five five five, one two three, four five six seven"},
        Case{"call 555-0123", "call five five five, zero one two three"}, Case{"agent 007", "agent zero zero seven"},
        Case{"v1.2", "version one point two"}, Case{"1.2.3", "one point two point three"},
        Case{"192.168.1.10", "one hundred ninety two dot one hundred sixty eight dot one dot ten"},
        Case{"https://www.example.com/docs/a?x=1#y", "example dot com slash docs slash a"},
        Case{"see example.org.", "see example dot org."}, Case{"a.b@example.com", "a dot b at example dot com"},
        Case{"http://box.local:8080", "box dot local port 8080"}, Case{"main.cpp", "main.cpp"},
        Case{"Dr. Smith", "Doctor Smith"}, Case{"Mr. and Mrs. Bennet", "Mr. and Missus Bennet"},
        Case{"fruit, e.g. apples", "fruit, for example apples"}, Case{"apples, etc.", "apples, et cetera."},
        Case{"apples, etc., and pears", "apples, et cetera, and pears"}, Case{"approx. 5", "approximately 5"},
        Case{"No. 5", "number 5"}, Case{"No. Never.", "No. Never."}, Case{"A & B", "A and B"}, Case{"R&D", "R and D"},
        Case{"#5", "number 5"}, Case{"~5", "about 5"}, Case{"\u00B15", "plus or minus 5"}));

class Chinese : public ::testing::TestWithParam<Case> {};

TEST_P(Chinese, IsSaidInCharacters) {
  const std::string said = chinese(GetParam().written);
  EXPECT_EQ(said, GetParam().said);
  EXPECT_EQ(chinese(said), said) << "a second pass changed it";
}

INSTANTIATE_TEST_SUITE_P(Han, Chinese,
                         ::testing::Values(Case{"现在14:05", "现在十四点零五分"}, Case{"14:00开会", "十四点开会"},
                                           Case{"30%", "百分之三十"}, Case{"增长3.5%。", "增长百分之三点五。"},
                                           Case{"2026-03-05", "二零二六年三月五日"},
                                           Case{"2026年3月5日", "二零二六年3月5日"}, Case{"-3°C", "零下三摄氏度"},
                                           Case{"速度100km/h", "速度一百公里每小时"},
                                           Case{"重5 kg左右", "重五公斤左右"}, Case{"¥500", "五百元"},
                                           Case{"$5", "五美元"}, Case{"3–5天", "三到五天"},
                                           Case{"1,200人", "一千二百人"}, Case{"3个苹果", "3个苹果"},
                                           Case{"14:05:30", "十四点零五分三十秒"}));

TEST(Mixed, EachNumberIsSaidInTheLanguageItStandsIn) {
  EXPECT_EQ(chinese("我用 Python 3.11 写，10:30 开始"), "我用 Python three point one one 写，十点三十分 开始");
  EXPECT_EQ(english("He said 你好 at 7pm"), "He said 你好 at seven PM");
  EXPECT_EQ(english("30%的人说 50% yes"), "百分之三十的人说 百分之五十 yes");
}

TEST(Other, LanguagesKeepTheirNumbers) {
  const NormaliseFor german{Rules::none, Rules::chinese, Rules::none};
  EXPECT_EQ(normalise("Um 14:05 Uhr sind es 3,5 °C & mehr.", german), "Um 14:05 Uhr sind es 3,5 °C & mehr.");
  EXPECT_EQ(normalise("**Um** 14:05", german), "Um 14:05");
}

TEST(Normalise, LeavesAPlainTextAlone) {
  constexpr std::array<const char*, 24> kWords{
      "the",  "house", "it's",       "and",   "I",    "said", "(maybe)", "\"no\"", "Paris", "42",    "1999",   "café",
      "über", "naïve", "well-known", "re-do", "你好", "世界", "Петр",    "a",      "3",     "semi;", "colon:", "end."};
  constexpr std::array<const char*, 6> kGaps{" ", " ", ", ", ". ", " — ", "\n"};
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (std::size_t n = random() % 30; n > 0; --n) {
      text += kWords[random() % kWords.size()];
      if (n > 1) text += kGaps[random() % kGaps.size()];
    }
    // "1999 42" and the like are plain numbers too; only a date or an amount would be changed, and none can arise.
    EXPECT_EQ(english(text), text);
  }
}

TEST(Normalise, ASecondPassChangesNothing) {
  constexpr std::array<const char*, 26> kParts{
      "at 02:17",   "7pm",       "2026-03-05", "€3.50",    "30%",  "5 km/h", "-3 °C",           "3–5",
      "1st",        "v1.2.3",    "a@b.com",    "Dr. Who",  "e.g.", "R&D",    "+49 30 1234567",  "1,200",
      "0.5",        "现在14:05", "30%的",      "**bold**", "`x`",  "😀",     "https://a.org/x", "½",
      "12:00 p.m.", "May 5"};
  std::mt19937 random(5);
  for (int i = 0; i < 1000; ++i) {
    std::string text;
    for (std::size_t n = 1 + random() % 5; n > 0; --n)
      text += std::string(kParts[random() % kParts.size()]) + (n > 1 ? ", " : "");
    const std::string once = english(text);
    EXPECT_EQ(english(once), once) << text;
  }
}

TEST(Normalise, AnyTextStaysUtf8AndBounded) {
  constexpr std::array<const char*, 30> kAtoms{"1", "0",  "9",  ":",  "-", ".", ",",  "/", "%", "$",
                                               "€", "+",  "(",  ")",  " ", "a", "m",  "p", "k", "W",
                                               "°", "你", "年", "😀", "*", "#", "\n", "@", "_", "–"};
  std::mt19937 random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t n = random() % 24; n > 0; --n) text += kAtoms[random() % kAtoms.size()];
    for (const std::string& said : {english(text), chinese(text)}) {
      EXPECT_TRUE(is_utf8(said)) << text;
      EXPECT_LE(said.size(), 64 + text.size() * 24) << text;
    }
  }
}

// Of this thread: what else the machine does is not counted.
double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

TEST(Normalise, TimeIsLinear) {
  for (const char* unit : {"1", "1,234", "1.", "1-", "a.", "a@", "1:", "+1 ", "(1)", "http://", "1/", "[", "5 ", "–1",
                           "$", "你1", "1–", "M"}) {
    std::string text;
    while (text.size() < 200'000) text += unit;
    const double before = cpu_seconds();
    english(text);
    EXPECT_LT(cpu_seconds() - before, 20) << unit;  // a quadratic one takes minutes
  }
}

}  // namespace
}  // namespace hearth::speech
