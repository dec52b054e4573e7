#include <hearth/egress/destination.h>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace hearth::egress {
namespace {

IpAddress v4_of(const std::array<std::uint8_t, 16>& bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8U | bytes[i];
  return IpAddress::v4(number);
}

Reach reach(const char* text) {
  const auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << text;
  return address ? reach_of(*address) : Reach::impossible;
}

TEST(Address, LeadsWhereItsRegistrySays) {
  const std::pair<const char*, Reach> table[] = {
      {"93.184.216.34", Reach::world},
      {"1.1.1.1", Reach::world},
      {"172.15.255.255", Reach::world},
      {"172.32.0.0", Reach::world},
      {"100.63.255.255", Reach::world},
      {"100.128.0.0", Reach::world},
      {"11.0.0.0", Reach::world},
      {"127.0.0.1", Reach::loopback},
      {"127.255.255.254", Reach::loopback},
      {"10.0.0.1", Reach::nearby},
      {"172.16.0.1", Reach::nearby},
      {"172.31.255.255", Reach::nearby},
      {"192.168.1.1", Reach::nearby},
      {"100.64.0.1", Reach::nearby},
      {"100.127.255.255", Reach::nearby},
      {"169.254.1.1", Reach::nearby},
      {"169.254.169.254", Reach::metadata},
      {"169.254.170.2", Reach::metadata},
      {"100.100.100.200", Reach::metadata},
      {"192.0.0.192", Reach::metadata},
      {"0.0.0.0", Reach::impossible},
      {"0.1.2.3", Reach::impossible},
      {"192.0.2.1", Reach::nearby},
      {"198.18.0.1", Reach::nearby},
      {"198.51.100.7", Reach::nearby},
      {"203.0.113.9", Reach::nearby},
      {"224.0.0.1", Reach::impossible},
      {"239.255.255.255", Reach::impossible},
      {"240.0.0.1", Reach::impossible},
      {"255.255.255.255", Reach::impossible},
      {"2606:4700::1111", Reach::world},
      {"2a00:1450:4001:80b::200e", Reach::world},
      {"::1", Reach::loopback},
      {"::", Reach::impossible},
      {"fd00::1", Reach::nearby},
      {"fc00::1", Reach::nearby},
      {"fe80::1", Reach::nearby},
      {"fec0::1", Reach::nearby},
      {"ff02::1", Reach::impossible},
      {"fd00:ec2::254", Reach::metadata},
      {"2001:db8::1", Reach::impossible},
      {"2001::1", Reach::impossible},
      {"100::1", Reach::impossible},
      {"::2", Reach::impossible},
      {"::127.0.0.1", Reach::impossible},
      {"::ffff:127.0.0.1", Reach::loopback},
      {"::ffff:169.254.169.254", Reach::metadata},
      {"::ffff:10.1.2.3", Reach::nearby},
      {"::ffff:8.8.8.8", Reach::world},
      {"::ffff:0:127.0.0.1", Reach::impossible},
      {"64:ff9b::7f00:1", Reach::loopback},
      {"64:ff9b::a9fe:a9fe", Reach::metadata},
      {"64:ff9b::808:808", Reach::world},
      {"64:ff9b:1::808:808", Reach::impossible},
      {"2002:7f00:1::", Reach::loopback},
      {"2002:c0a8:101::1", Reach::nearby},
      {"2002:808:808::1", Reach::world},
      {"2606:4700::5efe:a00:1", Reach::nearby},
      {"fe80::5efe:808:808", Reach::nearby},
  };
  for (const auto& [text, wanted] : table) EXPECT_EQ(reach(text), wanted) << text;
}

TEST(Address, IsReadInItsUsualFormOnly) {
  for (const char* text :
       {"", "127.1", "0x7f.0.0.1", "2130706433", "017700000001", "127.0.0.01", "127.0.0.1.", " 127.0.0.1",
        "127.0.0.256", "127.0.0.1:80", "[::1]", "fe80::1%eth0", "::ffff:127.0.0.1.1", "1.2.3", "::g"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_EQ(IpAddress::parse("2001:0DB8:0:0:0:0:0:1")->text(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("::1")->with_port(80), "[::1]:80");
}

RC_GTEST_PROP(Address, IsTheSameThereAndBack, (std::array<std::uint8_t, 16> bytes, bool four, std::uint16_t port)) {
  const IpAddress address = four ? v4_of(bytes) : IpAddress::v6(bytes);
  const auto again = IpAddress::parse(address.text());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == address);
  sockaddr_storage storage{};
  const socklen_t size = address.fill(storage, port);
  RC_ASSERT(IpAddress::from(reinterpret_cast<const sockaddr*>(&storage), size) == address);
}

// However an IPv4 address is wrapped, it is no more reachable than bare.
RC_GTEST_PROP(Address, WrappingDoesNotHelp, (std::uint32_t number)) {
  const Reach bare = reach_of(IpAddress::v4(number));
  const auto wrap = [&](std::initializer_list<int> front, std::size_t at) {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t i = 0;
    for (const int byte : front) bytes[i++] = static_cast<std::uint8_t>(byte);
    for (std::size_t k = 0; k < 4; ++k) bytes[at + k] = static_cast<std::uint8_t>(number >> (24 - 8 * k));
    return reach_of(IpAddress::v6(bytes));
  };
  const Reach wrapped[] = {wrap({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12),
                           wrap({}, 12),
                           wrap({0, 0x64, 0xff, 0x9b}, 12),
                           wrap({0, 0x64, 0xff, 0x9b, 0, 1}, 12),
                           wrap({0x20, 0x02}, 2),
                           wrap({0x26, 0x06, 0x47, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0xfe}, 12),
                           wrap({0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12)};
  if (bare != Reach::world) {
    for (const Reach r : wrapped) RC_ASSERT(r != Reach::world);
  }
}

TEST(Host, EvasionsAreRefusedOrMadePlain) {
  const std::pair<const char*, const char*> plain[] = {{"Example.COM", "example.com"},
                                                       {"example.com.", "example.com"},
                                                       {"[::1]", "::1"},
                                                       {"[::FFFF:127.0.0.1]", "::ffff:127.0.0.1"},
                                                       {"127.0.0.1", "127.0.0.1"},
                                                       {"127.0.0.1.", "127.0.0.1"},
                                                       {"xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
                                                       {"a_b.example", "a_b.example"},
                                                       {"localhost", "localhost"},
                                                       {"1e100.net", "1e100.net"}};
  for (const auto& [text, wanted] : plain) {
    const auto host = parse_host(text);
    ASSERT_TRUE(host) << text;
    EXPECT_EQ(*host, wanted);
  }
  for (const char* text : {"",
                           ".",
                           "..",
                           "example..com",
                           "-a.example",
                           "2130706433",
                           "0x7f000001",
                           "0x7f.1",
                           "017700000001",
                           "127.1",
                           "127.0.1",
                           "0177.0.0.1",
                           "127.0.0.01",
                           "example.0x7f",
                           "1.2.3.4.5",
                           "user@example.com",
                           "example.com:80",
                           "example.com/",
                           "a b",
                           "m\xc3\xbcnchen.example",
                           "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1",
                           "127\xe3\x80\x82"
                           "0.0.1",
                           "[127.0.0.1]",
                           "[::1",
                           "fe80::1%1",
                           "[fe80::1%25eth0]",
                           "exa%6dple.com",
                           "a\tb",
                           "host\n",
                           "host#",
                           "host?x",
                           "host\\x"})
    EXPECT_FALSE(parse_host(text)) << text;
  EXPECT_FALSE(parse_host(std::string(254, 'a')));
  EXPECT_FALSE(parse_host(std::string(64, 'a') + ".example"));
  EXPECT_FALSE(parse_host(std::string("a\0b", 3)));
}

TEST(Host, OfUrlsIsWhatWillBeConnectedTo) {
  const auto host = [](const char* url) {
    const auto to = destination_of(Purpose::pull, url, "test");
    return to ? to->host + "/" + std::to_string(to->port) : "refused";
  };
  EXPECT_EQ(host("https://Example.com/x?y#z"), "example.com/443");
  EXPECT_EQ(host("http://example.com:8080"), "example.com/8080");
  EXPECT_EQ(host("http://[::1]:8080/"), "::1/8080");
  EXPECT_EQ(host("http://[::1]"), "::1/80");
  EXPECT_EQ(host("https://example.com\\@10.0.0.1/"), "example.com/443");
  for (const char* url : {"ftp://example.com", "https://user@example.com", "https://a:b@example.com", "https://",
                          "https:///x", "https://example.com:0", "https://example.com:65536", "https://example.com:080",
                          "https://example.com:8 0", "https://2130706433/", "https://example.com:", "example.com"})
    EXPECT_EQ(host(url), "refused") << url;
}

Result<void> whole_verdict(const Policy& policy, const Destination& to, const char* address) {
  const auto allowance = judge(policy, to);
  if (!allowance) return fail(allowance.error());
  return judge_address(*allowance, to, *IpAddress::parse(address));
}

Destination to(Purpose purpose, const char* host, std::uint16_t port = 443) {
  return {.purpose = purpose, .host = host, .port = port, .who = "test"};
}

TEST(Policy, OpenIsOpenToPublicAddressesForWhatPeoplePointAtThem) {
  const Policy open;
  for (const Purpose purpose : {Purpose::pull, Purpose::pack, Purpose::webhook})
    EXPECT_TRUE(whole_verdict(open, to(purpose, "example.com"), "93.184.216.34"));
  for (const Purpose purpose : {Purpose::provider, Purpose::mcp, Purpose::lan})
    EXPECT_FALSE(whole_verdict(open, to(purpose, "example.com"), "93.184.216.34"));
  for (const char* address : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fd00::1",
                              "64:ff9b::a00:1", "0.0.0.0", "224.0.0.1", "100.64.0.1"}) {
    const auto verdict = whole_verdict(open, to(Purpose::pull, "example.com"), address);
    ASSERT_FALSE(verdict) << address;
    EXPECT_TRUE(verdict.error().is(Errc::permission_denied));
  }
}

TEST(Policy, NamesOpenTheNetworkAroundButNotMetadata) {
  const Policy policy{
      .mode = EgressMode::listed,
      .rules = {*parse_rule("nas.example.org"), *parse_rule("192.168.1.5:8000"), *parse_rule("*.hub.example"),
                *parse_rule("169.254.169.254"), *rule_for(Purpose::provider, "https://api.example.com/v1"),
                *rule_for(Purpose::lan, "http://box.example.net:8000")}};
  EXPECT_TRUE(whole_verdict(policy, to(Purpose::pull, "nas.example.org"), "192.168.1.7"));
  EXPECT_TRUE(whole_verdict(policy, to(Purpose::pull, "nas.example.org"), "127.0.0.1"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::pull, "nas.example.org"), "169.254.169.254"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::pull, "nas.example.org"), "0.0.0.0"));
  EXPECT_TRUE(whole_verdict(policy, to(Purpose::mcp, "192.168.1.5", 8000), "192.168.1.5"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::mcp, "192.168.1.5", 8001), "192.168.1.5"));
  EXPECT_TRUE(whole_verdict(policy, to(Purpose::pull, "a.b.hub.example"), "93.184.216.34"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::pull, "hub.example"), "93.184.216.34"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::pull, "evilhub.example"), "93.184.216.34"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::pull, "a.hub.example"), "10.0.0.1"));
  EXPECT_TRUE(whole_verdict(policy, to(Purpose::pull, "169.254.169.254"), "169.254.169.254"));
  // A provider's name that suddenly leads home is not followed; a LAN upstream's is.
  EXPECT_TRUE(whole_verdict(policy, to(Purpose::provider, "api.example.com"), "93.184.216.34"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::provider, "api.example.com"), "10.0.0.1"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::pull, "api.example.com"), "93.184.216.34"));
  EXPECT_TRUE(whole_verdict(policy, to(Purpose::lan, "box.example.net", 8000), "192.168.1.9"));
  EXPECT_FALSE(whole_verdict(policy, to(Purpose::pull, "other.example"), "93.184.216.34"));
}

TEST(Policy, ClosedIsClosed) {
  const Policy closed{.mode = EgressMode::closed, .rules = {*parse_rule("example.com")}};
  EXPECT_FALSE(judge(closed, to(Purpose::pull, "example.com")));
}

TEST(Policy, RulesSayHowTheyAreWritten) {
  for (const char* text : {"", "*", "*.", "*.com", "*.10.0.0.1", "a*.example.com", "https://example.com",
                           "example.com:0", "example.com:x", "10.0.0.0/8"})
    EXPECT_FALSE(parse_rule(text)) << text;
  EXPECT_EQ(parse_rule("Example.com:443")->port, 443);
  EXPECT_EQ(parse_rule("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_rule("::1")->host, "::1");
}

// Nothing that a rule's author did not write opens the way to what is not public.
RC_GTEST_PROP(Policy, UnnamedIsNeverNearby, (std::array<std::uint8_t, 16> bytes, bool four, bool listed)) {
  const IpAddress address = four ? v4_of(bytes) : IpAddress::v6(bytes);
  Policy policy;
  policy.mode = listed ? EgressMode::listed : EgressMode::open;
  policy.rules = {*parse_rule("named.example"), *parse_rule("*.wide.example")};
  for (const char* host : {"other.example", "x.wide.example"}) {
    for (std::size_t p = 0; p < kPurposes; ++p) {
      const Destination wish{.purpose = static_cast<Purpose>(p), .host = host, .port = 443, .who = "test"};
      const auto allowance = judge(policy, wish);
      if (!allowance) continue;
      if (judge_address(*allowance, wish, address)) RC_ASSERT(reach_of(address) == Reach::world);
    }
  }
}

}  // namespace
}  // namespace hearth::egress
