#include <hearth/egress/gate_messages.h>
#include <hearth/egress/outer_proxy.h>
#include <hearth/egress/proxy_request.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::egress {
namespace {

rc::Gen<Destination> any_destination() {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, static_cast<int>(kPurposes)), rc::gen::inRange(1, 65536),
                                     rc::gen::element<std::string>("example.com", "10.0.0.1", "::1", "a-b.c_d.example"),
                                     rc::gen::element<std::string>("models", "key:1", "a.b_c-D")),
                      [](const auto& t) {
                        return Destination{.purpose = static_cast<Purpose>(std::get<0>(t)),
                                           .host = std::get<2>(t),
                                           .port = static_cast<std::uint16_t>(std::get<1>(t)),
                                           .who = std::get<3>(t)};
                      });
}

RC_GTEST_PROP(GateMessages, AreReadAsTheyWereWritten, (std::uint64_t id, std::uint32_t millis, bool yes)) {
  const Destination to = *any_destination();
  const Policy policy{.mode = yes ? EgressMode::open : EgressMode::closed,
                      .rules = {*parse_rule("nas.example:80"), *parse_rule("*.example.com"),
                                *rule_for(Purpose::provider, "https://api.example.com")}};
  for (const ToGate& message :
       {ToGate(OpenMessage{id, to, millis}), ToGate(DropMessage{id}), ToGate(PolicyMessage{policy}),
        ToGate(ProxyMessage{to.purpose, to.who}), ToGate(VerdictMessage{id, yes, yes ? "" : "not now, please"})}) {
    const auto again = read_to_gate(write_message(message));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == message);
  }
  for (const FromGate& message :
       {FromGate(OpenedMessage{id, "[::1]:80"}), FromGate(FailedMessage{id, Errc::not_found, "there is no such name"}),
        FromGate(AsksMessage{id, to}), FromGate(OverMessage{id, millis, id})}) {
    const auto again = read_from_gate(write_message(message));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == message);
  }
}

RC_GTEST_PROP(GateMessages, SentencesAreMadeFit, (const std::string& sentence)) {
  const auto again = read_from_gate(write_message(FromGate(FailedMessage{1, Errc::unavailable, sentence})));
  RC_ASSERT(again.has_value());
}

TEST(GateMessages, AreReadStrictly) {
  for (const char* text : {"",
                           "open",
                           "open 1",
                           "open 1 pull 443 example.com models",
                           "open 1 pull 443 example.com models 10 ",
                           "open  1 pull 443 example.com models 10",
                           "open 01 pull 443 example.com models 10",
                           "open 1 pull 0 example.com models 10",
                           "open 1 pull 65536 example.com models 10",
                           "open 1 pull 443 Example.com models 10",
                           "open 1 pull 443 example.com. models 10",
                           "open 1 pull 443 0x7f.1 models 10",
                           "open 1 steal 443 example.com models 10",
                           "open 1 pull 443 example.com m!dels 10",
                           "open -1 pull 443 example.com models 10",
                           "open 1 pull 443 example.com models 10\n",
                           "drop",
                           "drop 1 2",
                           "verdict 1 maybe",
                           "verdict 1 no",
                           "verdict 1 yes really",
                           "policy open 1\n",
                           "policy open 0",
                           "policy open 1\npull 0 example.com near",
                           "policy open 0\nx",
                           "policy open 1\npull 0 *.example.com near\n",
                           "policy wide 0\n",
                           "proxy pull",
                           "PROXY pull x"})
    EXPECT_FALSE(read_to_gate(text)) << text;
  for (const char* text :
       {"opened 1", "opened 1 a b", "failed 1 not_found", "failed 1 nonsense why", "over 1 2", "asks 1"})
    EXPECT_FALSE(read_from_gate(text)) << text;
  EXPECT_FALSE(read_to_gate(std::string(kMaxGateMessage + 1, 'x')));
}

TEST(ProxyRequest, TunnelsAndPlainRequests) {
  const auto tunnel = parse_proxy_request("CONNECT Example.com:443 HTTP/1.1\r\nHost: other\r\n\r\n");
  ASSERT_TRUE(tunnel);
  EXPECT_TRUE(tunnel->tunnel);
  EXPECT_EQ(tunnel->host, "example.com");
  EXPECT_EQ(tunnel->port, 443);
  const auto plain = parse_proxy_request(
      "GET http://deb.example.org/debian/x?y HTTP/1.1\r\nHost: evil.example\r\nUser-Agent: apt\r\n"
      "Proxy-Connection: keep-alive\r\nConnection: keep-alive, x\r\nRange: bytes=1-\r\n\r\n");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->tunnel);
  EXPECT_EQ(plain->port, 80);
  EXPECT_EQ(plain->head,
            "GET /debian/x?y HTTP/1.1\r\nHost: deb.example.org\r\nUser-Agent: apt\r\nRange: bytes=1-\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(parse_proxy_request("GET HTTP://[::1]:81 HTTP/1.0\r\n\r\n")->head,
            "GET / HTTP/1.1\r\nHost: [::1]:81\r\nConnection: close\r\n\r\n");
}

TEST(ProxyRequest, RefusesWhatIsNotClear) {
  for (const char* text :
       {"", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "CONNECT example.com HTTP/1.1\r\n\r\n",
        "CONNECT user@example.com:443 HTTP/1.1\r\n\r\n", "CONNECT 2130706433:80 HTTP/1.1\r\n\r\n",
        "CONNECT http://example.com:443/ HTTP/1.1\r\n\r\n", "GET https://example.com/ HTTP/1.1\r\n\r\n",
        "GET http://a@example.com/ HTTP/1.1\r\n\r\n", "GET http://example.com/ HTTP/2\r\n\r\n",
        "GET http://example.com/\thttp HTTP/1.1\r\n\r\n", "GET  http://example.com/ HTTP/1.1\r\n\r\n",
        "GET http://example.com/ HTTP/1.1\r\nX : y\r\n\r\n", "GET http://example.com/ HTTP/1.1\r\n folded\r\n\r\n",
        "GET http://example.com/ HTTP/1.1\r\nX: a\nHost: b\r\n\r\n",
        "GET http://example.com/ HTTP/1.1\r\nX: y\r\n\r\nGET", "G(T http://example.com/ HTTP/1.1\r\n\r\n"})
    EXPECT_FALSE(parse_proxy_request(text)) << text;
}

TEST(ProxyRequest, RefusalsCarryTheirSentence) {
  const std::string text = proxy_refusal(Error(Errc::permission_denied, "it may\r\nnot"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 403 it may  not\r\n")) << text;
}

TEST(OuterProxy, IsReadAsOtherProgramsDo) {
  EXPECT_FALSE(*parse_outer_proxy("", ""));
  const auto proxy =
      *parse_outer_proxy("http://us%40er:p%3Aw@Proxy.example:3128/", "localhost, .example.org,EXAMPLE.net");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->host, "proxy.example");
  EXPECT_EQ(proxy->port, 3128);
  EXPECT_EQ(proxy->authorization, "Basic dXNAZXI6cDp3");
  const Allowance allowance;
  const auto through = [&](const char* host) {
    return goes_through(*proxy, {.purpose = Purpose::pull, .host = host, .port = 443, .who = "x"}, allowance);
  };
  EXPECT_TRUE(through("example.com"));
  EXPECT_TRUE(through("notexample.net"));
  EXPECT_TRUE(through("93.184.216.34"));
  for (const char* host :
       {"localhost", "a.example.org", "example.org", "example.net", "a.example.net", "10.0.0.1", "::1"})
    EXPECT_FALSE(through(host)) << host;
  EXPECT_EQ((*parse_outer_proxy("proxy", ""))->port, 1080);
  EXPECT_FALSE(parse_outer_proxy("socks5://proxy", ""));
  EXPECT_TRUE(check_tunnel_answer("HTTP/1.1 200 OK\r\n\r\n", *proxy));
  EXPECT_FALSE(check_tunnel_answer("HTTP/1.1 407 Who\r\n\r\n", *proxy));
  EXPECT_FALSE(check_tunnel_answer("nonsense", *proxy));
}

}  // namespace
}  // namespace hearth::egress
