#include <hearth/gateway/access.h>

#include <gtest/gtest.h>

namespace hearth::gateway {
namespace {

AccessPolicy policy() {
  AccessPolicy p;
  p.allowed_hosts = {"box", "box.local"};
  p.allowed_origins = {"https://app.example"};
  p.verify = [](std::string_view key) -> std::optional<Principal> {
    if (key != "right") return std::nullopt;
    return Principal{"key_1", "laptop"};
  };
  p.find = [](std::string_view id) -> std::optional<Principal> {
    if (id != "key_1") return std::nullopt;
    return Principal{"key_1", "laptop"};
  };
  return p;
}

std::string refusal(net::Headers headers, const AccessPolicy& p = policy()) {
  const auto checked = check_host_and_origin(headers, p);
  return checked ? "" : checked.error().code;
}

TEST(HostName, IsTheNameAlone) {
  EXPECT_EQ(host_name("Box.Local:8420"), "box.local");
  EXPECT_EQ(host_name("box."), "box");
  EXPECT_EQ(host_name("[::1]:8420"), "::1");
  EXPECT_EQ(host_name("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(host_name("[::1"), "");
  EXPECT_EQ(host_name(""), "");
  EXPECT_EQ(host_name(":80"), "");
}

TEST(IpLiteral, IsAnAddressAndNothingElse) {
  for (const char* yes : {"127.0.0.1", "10.0.0.7", "::1", "fe80::1"}) EXPECT_TRUE(is_ip_literal(yes)) << yes;
  // inet_aton's short forms resolve to addresses in some programs, but no browser sends them as a Host.
  for (const char* no : {"", "box", "127.1", "1.2.3", "1.2.3.4.5", "127.0.0.1.evil.example", "256.0.0.1"})
    EXPECT_FALSE(is_ip_literal(no)) << no;
}

TEST(Hosts, ARebindingNameIsRefused) {
  for (const char* good : {"localhost", "sub.localhost:80", "192.168.1.2:8420", "[fe80::1]:8420", "BOX", "box.local."})
    EXPECT_EQ(refusal({{"Host", good}}), "") << good;
  for (const char* bad : {"", "evil.example", "box.evil.example", "notbox", "localhost.evil.example", "box local"})
    EXPECT_EQ(refusal({{"Host", bad}}), "host_not_allowed") << bad;
  EXPECT_EQ(refusal({}), "host_not_allowed");
}

TEST(Origins, OnlyTheBoxsOwnPagesAndThoseNamed) {
  for (const char* good :
       {"https://app.example", "http://box.local:8420", "http://localhost:3000", "http://[::1]:3000"})
    EXPECT_EQ(refusal({{"Host", "box.local"}, {"Origin", good}}), "") << good;
  for (const char* bad : {"https://evil.example", "null", "http://app.example", "http://other", "box.local"})
    EXPECT_EQ(refusal({{"Host", "box.local"}, {"Origin", bad}}), "origin_not_allowed") << bad;
  // A name that is the page's own, but not the box's: the Host check comes first.
  EXPECT_EQ(refusal({{"Host", "evil.example"}, {"Origin", "http://evil.example"}}), "host_not_allowed");
  AccessPolicy open = policy();
  open.allowed_origins = {"*"};
  EXPECT_EQ(refusal({{"Host", "box"}, {"Origin", "https://any.example"}}, open), "");
}

TEST(Keys, ComeInThreeHeaders) {
  for (const net::Headers& headers :
       {net::Headers{{"Authorization", "Bearer right"}}, net::Headers{{"authorization", "bearer  right "}},
        net::Headers{{"X-Api-Key", "right"}}, net::Headers{{"api-key", "right"}}}) {
    const auto who = authenticate(headers, policy());
    ASSERT_TRUE(who);
    EXPECT_EQ(who->id, "key_1");
  }
}

TEST(Keys, MissingAndWrongAreToldApart) {
  const auto code = [](const net::Headers& headers) {
    const auto who = authenticate(headers, policy());
    return who ? std::string("welcome") : who.error().code;
  };
  EXPECT_EQ(code({}), "missing_api_key");
  EXPECT_EQ(code({{"Authorization", "Bearer "}}), "missing_api_key");
  EXPECT_EQ(code({{"Authorization", "Basic right"}}), "missing_api_key");
  EXPECT_EQ(code({{"Authorization", "Bearer wrong"}}), "invalid_api_key");
  EXPECT_EQ(code({{"x-api-key", "right "}}), "welcome");
  EXPECT_EQ(code({{"x-api-key", std::string(513, 'k')}}), "invalid_api_key");
}

TEST(Keys, AreRecognisedWhereNoneIsNeeded) {
  AccessPolicy open = policy();
  open.key_required = false;
  const auto stranger = authenticate({}, open);
  const auto wrong = authenticate({{"x-api-key", "wrong"}}, open);
  const auto known = authenticate({{"x-api-key", "right"}}, open);
  ASSERT_TRUE(stranger && wrong && known);
  EXPECT_EQ(stranger->id, "anonymous");
  EXPECT_EQ(wrong->id, "anonymous");
  EXPECT_EQ(known->id, "key_1");
}

TEST(OnBehalfOf, TheOwnerMayActInAKeysName) {
  EXPECT_EQ(on_behalf_of({}, policy())->id, "owner");
  EXPECT_EQ(on_behalf_of({{"x-hearth-principal", "owner"}}, policy())->id, "owner");
  EXPECT_EQ(on_behalf_of({{"x-hearth-principal", "anonymous"}}, policy())->id, "anonymous");
  EXPECT_EQ(on_behalf_of({{"x-hearth-principal", "key_1"}}, policy())->name, "laptop");
  EXPECT_EQ(on_behalf_of({{"x-hearth-principal", "key_2"}}, policy()).error().code, "invalid_api_key");
  EXPECT_EQ(authenticate({{"x-hearth-principal", "key_1"}}, policy()).error().code, "missing_api_key")
      << "but nobody else";
}

}  // namespace
}  // namespace hearth::gateway
