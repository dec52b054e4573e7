#include <hearth/privacy/detectors.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hearth::privacy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "kind:text" for each finding.
std::vector<std::string> found(std::string_view text, std::string_view key = {}) {
  std::vector<std::string> all;
  const Scan scan = Detectors().scan(text, key);
  for (const Finding& finding : scan.findings)
    all.push_back(std::string(to_string(finding.kind)) + ":" +
                  std::string(text.substr(finding.offset, finding.length)));
  return all;
}

TEST(DetectorsTest, EmailAddresses) {
  EXPECT_THAT(found("write to jane.doe+news@mail.example.co.uk, please"),
              ElementsAre("email:jane.doe+news@mail.example.co.uk"));
  EXPECT_THAT(found("<jürgen@müller.de>"), ElementsAre("email:jürgen@müller.de"));
  EXPECT_THAT(found("我的邮箱是zhang@example.cn谢谢"), ElementsAre("email:zhang@example.cn"));
  EXPECT_THAT(found("https://x.org/?mail=a.b%40c.org&y=1"), ElementsAre("email:a.b%40c.org"));
  EXPECT_THAT(found("ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ"), ElementsAre("email:ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ"));
  EXPECT_THAT(found("a@b.co,c@d.org"), ElementsAre("email:a@b.co", "email:c@d.org"));
  for (const std::string_view text : {"git@github.com:o/r.git", "lodash@4.17.21", "logo@2x.png", "@override",
                                      "user@localhost", "a@b", "@.com", "getty@tty1.service", "x@", "meet @ 5.pm"})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

TEST(DetectorsTest, PhoneNumbers) {
  EXPECT_THAT(found("+49 (0)30 901820-15 ist es"), ElementsAre("phone:+49 (0)30 901820-15"));
  EXPECT_THAT(found("+1 (212) 555-0143"), ElementsAre("phone:+1 (212) 555-0143"));
  EXPECT_THAT(found("+8613812345678"), ElementsAre("phone:+8613812345678"));
  EXPECT_THAT(found("reach me (212) 555-0143."), ElementsAre("phone:(212) 555-0143"));
  EXPECT_THAT(found("请打13812345678，谢谢"), ElementsAre("phone:13812345678"));
  EXPECT_THAT(found("Tel. 030/901820"), ElementsAre("phone:030/901820"));
  EXPECT_THAT(found("Handy: 0151 23456789"), ElementsAre("phone:0151 23456789"));
  EXPECT_THAT(found("06 12 34 56 78"), ElementsAre("phone:06 12 34 56 78"));
  EXPECT_THAT(found("13812345678", "phoneNumber"), ElementsAre("phone:13812345678"));
  EXPECT_THAT(found("my number for calls (mobile): 07911 123456"), ElementsAre("phone:07911 123456"));
  for (const std::string_view text :
       {"+48.85661400, +2.35222190", "@@ -1200,10 +1200,12 @@", "2024-01-15 10:30:00", "1990-2000", "id 13812345678901",
        "3.14159265358", "192.168.100.200", "order 212-555-0143", "phone call on 2024-01-15", "v1.2.3-20240115",
        "+12345", "订单号13812345678"})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

TEST(DetectorsTest, PaymentCards) {
  EXPECT_THAT(found("4111 1111 1111 1111"), ElementsAre("card:4111 1111 1111 1111"));
  EXPECT_THAT(found("pay 378282246310005 now"), ElementsAre("card:378282246310005"));
  EXPECT_THAT(found("3782-822463-10005"), ElementsAre("card:3782-822463-10005"));
  EXPECT_THAT(found("卡号６２２２０２１２３４５６７８９４"), ElementsAre("card:６２２２０２１２３４５６７８９４"));
  EXPECT_THAT(found("41\u200B11111\u200B111111111"), ElementsAre("card:41\u200B11111\u200B111111111"));
  EXPECT_THAT(found("order 17 paid with card 4012888888881881"), ElementsAre("card:4012888888881881"));
  for (const std::string_view text :
       {"4111111111111112", "order 4111111111111111", "SKU4111111111111111", "ORD-4111111111111111",
        "a4111111111111111f", "img_4111111111111111.png", "1700000000000000", "41 11 1111111 11111",
        "9999 9999 9999 9995", "0.4111111111111111"})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

TEST(DetectorsTest, BankAccounts) {
  EXPECT_THAT(found("IBAN: DE89 3704 0044 0532 0130 00."), ElementsAre("iban:DE89 3704 0044 0532 0130 00"));
  EXPECT_THAT(found("gb29nwbk60161331926819"), ElementsAre("iban:gb29nwbk60161331926819"));
  EXPECT_THAT(found("NO9386011117947 FR1420041010050500013M02606"),
              ElementsAre("iban:NO9386011117947", "iban:FR1420041010050500013M02606"));
  for (const std::string_view text : {"DE89370400440532013001", "XX89370400440532013000", "ADE89370400440532013000",
                                      "DE8937040044053201300", "DE893704004405320130001"})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

TEST(DetectorsTest, NationalNumbers) {
  EXPECT_THAT(found("身份证11010519491231002x。"), ElementsAre("national_id:11010519491231002x"));
  EXPECT_THAT(found("440524 18800101 0014"), ElementsAre("national_id:440524 18800101 0014"));
  EXPECT_THAT(found("SSN 078-05-1120"), ElementsAre("national_id:078-05-1120"));
  EXPECT_THAT(found("Steuer-ID: 86095742719"), ElementsAre("national_id:86095742719"));
  EXPECT_THAT(found("mi DNI es 12345678Z"), ElementsAre("national_id:12345678Z"));
  EXPECT_THAT(found("NIE: X-1234567-L"), ElementsAre("national_id:X-1234567-L"));
  EXPECT_THAT(found("codice RSSMRA85T10A562S"), ElementsAre("national_id:RSSMRA85T10A562S"));
  EXPECT_THAT(found("Aadhaar 2341 2341 2346"), ElementsAre("national_id:2341 2341 2346"));
  EXPECT_THAT(found("111.444.777-35"), ElementsAre("national_id:111.444.777-35"));
  EXPECT_THAT(found("BSN 111222333"), ElementsAre("national_id:111222333"));
  EXPECT_THAT(found("PESEL: 44051401359"), ElementsAre("national_id:44051401359"));
  EXPECT_THAT(found("2 55 08 14 168 025 38"), ElementsAre("national_id:2 55 08 14 168 025 38"));
  for (const std::string_view text : {"110105194912310021", "part 078-05-1120", "111222333", "12345678Z", "44051401359",
                                      "RSSMRA85T10A562T", "234123412346", "SSN of the server: none, 078-05"})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

TEST(DetectorsTest, KeysOfServices) {
  const std::string body = "a8Kd93jfQ0zLmX72bWq51RtYvN4pHsUeC6gJ";
  for (const std::string& key :
       {"sk-proj-" + body, "sk-ant-" + body, "ghp_" + body, "glpat-" + body, "xoxb-1234567890-" + body, "hf_" + body,
        "npm_" + body, "gsk_" + body, "sk_live_" + body, std::string("AKIAIOSFODNN7EXAMPLE"), "AIza" + body.substr(1),
        "LTAI" + body.substr(0, 16), "SG." + body + "." + body, "github_pat_" + body})
    EXPECT_THAT(found("use " + key + " here"), ElementsAre("api_key:" + key));
  const std::string jwt =
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
  EXPECT_THAT(found("cookie " + jwt + ";"), ElementsAre("api_key:" + jwt));
  for (const std::string_view text : {"sk-learn-is-a-library-for-learning", "task-1234567890abcdef1234567890",
                                      "sk-circle-fade-dot-12-and-more-and-more", "ghp_short", "AKIA", "INTERNATIONAL",
                                      "https://example.com/file.eyJ.png"})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

TEST(DetectorsTest, PrivateKeys) {
  const std::string data =
      "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4/"
      "M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNb";
  const std::string whole = "-----BEGIN RSA PRIVATE KEY-----\n" + data + "\n-----END RSA PRIVATE KEY-----";
  EXPECT_THAT(found("key:\n" + whole + "\nend"), ElementsAre("private_key:" + whole));
  const std::string cut = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + data;
  EXPECT_THAT(found(cut), ElementsAre("private_key:" + cut));
  EXPECT_THAT(found("-----BEGIN CERTIFICATE-----\n" + data + "\n-----END CERTIFICATE-----"), IsEmpty());
  EXPECT_THAT(found("A PEM begins with -----BEGIN PRIVATE KEY----- and then base64."), IsEmpty());
}

TEST(DetectorsTest, Passwords) {
  EXPECT_THAT(found("password: hunter2!"), ElementsAre("password:hunter2!"));
  EXPECT_THAT(found("password = \"correct-horse\""), ElementsAre("password:correct-horse"));
  EXPECT_THAT(found("DB_PASSWORD=Tr0ub4dor&3"), ElementsAre("password:Tr0ub4dor"));
  EXPECT_THAT(found("密码：Abc@12345，别外传"), ElementsAre("password:Abc@12345"));
  EXPECT_THAT(found("the password is tiger77Lily, ok?"), ElementsAre("password:tiger77Lily"));
  EXPECT_THAT(found("密码是Xk82mmQ1"), ElementsAre("password:Xk82mmQ1"));
  EXPECT_THAT(found("Das Passwort lautet Sommer2024!"), ElementsAre("password:Sommer2024!"));
  EXPECT_THAT(found("postgres://app:s3cr3t@db.internal:5432/x"), ElementsAre("password:app:s3cr3t"));
  EXPECT_THAT(found("Server=db;User Id=sa;Password=Pa55word;"), ElementsAre("password:Pa55word"));
  EXPECT_THAT(found("hunter2", "password"), ElementsAre("password:hunter2"));
  EXPECT_THAT(found("API_KEY=8f14e45fceea167a5a36dedd4bea2543"),
              ElementsAre("api_key:8f14e45fceea167a5a36dedd4bea2543"));
  EXPECT_THAT(found("Authorization: Bearer 9aF3kQ7zLmX72bWq51Rt"), ElementsAre("api_key:9aF3kQ7zLmX72bWq51Rt"));
  EXPECT_THAT(found("Bearer 9aF3kQ7zLmX72bWq51Rt", "authorization"), ElementsAre("api_key:9aF3kQ7zLmX72bWq51Rt"));
  for (const std::string_view text :
       {"password: string;", "password = get_password()", "password=os.environ[\"PW\"]", "token: str",
        "Password: ********", "password: <your password>", "enter your password: then go", "password_length = 1234567",
        "max_tokens: 4096000000000000", "the password policy is v2 now", "commit: 8f14e45fceea167a5a36dedd4bea2543",
        "https://user:@host/", "self.password = password"})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

TEST(DetectorsTest, TheClassIsTheHighestFound) {
  EXPECT_EQ(Detectors().scan("nothing here").highest, DataClass::open);
  EXPECT_EQ(Detectors().scan("a@b.org").highest, DataClass::personal);
  EXPECT_EQ(Detectors().scan("a@b.org 4111 1111 1111 1111").highest, DataClass::secret);
}

TEST(DetectorsTest, PastTheMostFindingsClassesAreStillNoted) {
  std::string text;
  for (std::size_t i = 0; i < kMaxFindings + 1; ++i) text += "a@b.org ";
  text += "4111 1111 1111 1111";
  const Scan scan = Detectors().scan(text);
  EXPECT_EQ(scan.findings.size(), kMaxFindings);
  EXPECT_FALSE(scan.complete);
  EXPECT_EQ(scan.highest, DataClass::secret);
}

}  // namespace
}  // namespace hearth::privacy
