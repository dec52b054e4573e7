#include <hearth/privacy/detectors.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hearth::privacy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> found(std::string_view body) {
  std::vector<std::string> all;
  const BodyScan scan = Detectors().scan_body(body);
  for (const BodyFinding& one : scan.findings)
    all.push_back(std::string(to_string(one.finding.kind)) + ":" +
                  std::string(body.substr(one.token.offset, one.token.length)));
  return all;
}

TEST(BodyTest, EveryStringIsLookedAt) {
  EXPECT_THAT(
      found(
          R"({"messages":[{"role":"user","content":"mail a@b.org"},{"content":[{"type":"text","text":"c@d.org"}]}]})"),
      ElementsAre(R"(email:"mail a@b.org")", R"(email:"c@d.org")"));
  EXPECT_THAT(found(R"({"a@b.org": 1})"), ElementsAre(R"(email:"a@b.org")"));
  EXPECT_THAT(found(R"("a@b.org")"), ElementsAre(R"(email:"a@b.org")"));
}

TEST(BodyTest, EscapesHideNothing) {
  EXPECT_THAT(found(R"(["a\u0040b.org"])"), ElementsAre(R"(email:"a\u0040b.org")"));
  EXPECT_THAT(found(R"(["\u0061\u0040\u0062.org"])"), ElementsAre(testing::StartsWith("email:")));
  EXPECT_THAT(found(R"(["line\na@b.org\tend"])"), ElementsAre(testing::StartsWith("email:")));
  EXPECT_THAT(found(R"(["\uff14\uff1111111\uD835\uDFCF11111111"])"), ElementsAre(testing::StartsWith("card:")));
  const BodyScan scan = Detectors().scan_body(R"(["\n a\u0040b.org"])");
  ASSERT_EQ(scan.findings.size(), 1U);
  EXPECT_EQ(scan.findings[0].finding.offset, 2U);
  EXPECT_EQ(scan.findings[0].finding.length, 7U);
}

TEST(BodyTest, NumbersCountToo) {
  EXPECT_THAT(found(R"({"card": 4111111111111111, "x": 4111111111111111.5, "y": 1e10})"),
              ElementsAre("card:4111111111111111"));
  EXPECT_THAT(found(R"({"phone": 13812345678})"), ElementsAre("phone:13812345678"));
  EXPECT_THAT(found(R"({"order_id": 4111111111111111})"), IsEmpty());
  EXPECT_THAT(found(R"([0.0123456789123456, -1234567890123456, 12345])"), IsEmpty());
}

TEST(BodyTest, TheNameOfAFieldSaysWhatItHolds) {
  EXPECT_THAT(found(R"({"password":"swordfish","note":"swordfish"})"), ElementsAre(R"(password:"swordfish")"));
  EXPECT_THAT(found(R"({"pass\u0077ord":"swordfish"})"), ElementsAre(R"(password:"swordfish")"));
  EXPECT_THAT(found(R"([{"password":{}},"swordfish"])"), IsEmpty());
  EXPECT_THAT(found(R"({"properties":{"password":{"type":"string","description":"The password of the user"}}})"),
              IsEmpty());
}

TEST(BodyTest, JsonWithinAStringIsLookedInto) {
  const BodyScan scan =
      Detectors().scan_body(R"({"arguments":"{\"to\":\"a\\u0040b.org\",\"password\":\"swordfish\"}"})");
  ASSERT_EQ(scan.findings.size(), 2U);
  EXPECT_TRUE(scan.findings[0].nested);
  EXPECT_EQ(scan.findings[0].finding.kind, Kind::email);
  EXPECT_EQ(scan.findings[0].token, scan.findings[1].token);
  EXPECT_EQ(scan.highest, DataClass::secret);
  // What only begins like JSON is text.
  EXPECT_THAT(found(R"(["[see] a@b.org", "{a@b.org"])"), testing::SizeIs(2));
}

TEST(BodyTest, FilesAreCountedAndTextInDataUrlsIsRead) {
  const BodyScan image = Detectors().scan_body(R"({"url":"data:image/png;base64,iVBORw0KGgo="})");
  EXPECT_EQ(image.files, 1U);
  EXPECT_TRUE(image.findings.empty());
  // "mail a@b.org"
  const BodyScan text = Detectors().scan_body(R"({"url":"data:text/plain;base64,bWFpbCBhQGIub3Jn"})");
  EXPECT_EQ(text.files, 0U);
  ASSERT_EQ(text.findings.size(), 1U);
  EXPECT_TRUE(text.findings[0].data_url);
  EXPECT_THAT(found(R"(["data:,mail%20a%40b.org"])"), testing::SizeIs(1));
  std::string blob;
  while (blob.size() < 2000) blob += "aB3+/xYz";
  EXPECT_EQ(Detectors().scan_body("{\"data\":\"" + blob + "\"}").files, 1U);
  EXPECT_EQ(Detectors().scan_body("{\"data\":\"" + std::string(2000, 'x') + "\"}").files, 0U);
  // Only who made these can read them.
  EXPECT_EQ(Detectors().scan_body("{\"encrypted_content\":\"" + blob + "\"}").files, 0U);
  EXPECT_EQ(Detectors().scan_body("{\"signature\":\"" + blob + "\"}").files, 0U);
}

TEST(BodyTest, WhatIsNoJsonIsLookedOver) {
  for (const std::string_view body :
       {"", "{", "\"", "\"\\", "{\"a@b.org", "nul", "[1,", "\"\\u00", "}}]]", "\"\\ud800\""})
    EXPECT_TRUE(Detectors().scan_body(body).findings.empty() || body.contains("a@b.org"));
  EXPECT_THAT(found("{\"x\":\"a@b.org"), testing::SizeIs(1));
}

TEST(BodyTest, DepthHidesNothing) {
  std::string body(5000, '[');
  body += "\"a@b.org\"" + std::string(5000, ']');
  EXPECT_EQ(Detectors().scan_body(body).findings.size(), 1U);
}

}  // namespace
}  // namespace hearth::privacy
