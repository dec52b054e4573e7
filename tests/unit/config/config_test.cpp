#include <hearth/config/config.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace hearth::config {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string mistake(std::string_view yaml) {
  const auto result = parse(yaml, "hearth.yaml");
  return result ? "(no mistake)" : result.error().message();
}

TEST(Config, EmptyTextMeansDefaults) {
  for (const std::string_view text : {"", "# nothing\n", "---\n", "server:\nlimits:\n", "server: {}\n"}) {
    const auto config = parse(text, "hearth.yaml");
    ASSERT_TRUE(config) << text << config.error().describe();
    EXPECT_THAT(config->server.listen, ElementsAre("127.0.0.1:8420"));
    EXPECT_EQ(config->limits.upload, 1ULL << 30);
    EXPECT_THAT(config->engines.overrides, IsEmpty());
  }
}

TEST(Config, ReadsEveryKindOfValue) {
  const auto config = parse(R"(
server:
  listen: ["0.0.0.0:8420", "[::1]:0", "unix:/run/hearth/extra.sock"]
  auth: off
  allowed_hosts: box.example.org
  allowed_origins:
    - https://chat.example.org
    - http://box.local:3000
  connections: 7
  idle_time: 1h
limits:
  upload: 200 MB
  memory_body: 64 KiB
  audio_duration: "90min"
log: { level: debug, format: json }
engines:
  sandbox: best_effort
  speech: { keep_warm: yes, threads: 2, memory: 256 MiB, idle_stop: 30s }
  embed:
    enabled: false
)",
                            "hearth.yaml");
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_THAT(config->server.listen, ElementsAre("0.0.0.0:8420", "[::1]:0", "unix:/run/hearth/extra.sock"));
  EXPECT_EQ(config->server.auth, Auth::off);
  EXPECT_THAT(config->server.allowed_hosts, ElementsAre("box.example.org"));
  EXPECT_THAT(config->server.allowed_origins, ElementsAre("https://chat.example.org", "http://box.local:3000"));
  EXPECT_EQ(config->server.connections, 7U);
  EXPECT_EQ(config->server.idle_time, 1h);
  EXPECT_EQ(config->limits.upload, 200'000'000U);
  EXPECT_EQ(config->limits.memory_body, 64U * 1024);
  EXPECT_EQ(config->limits.audio_duration, 90min);
  EXPECT_EQ(config->log.level, log::Level::debug);
  EXPECT_EQ(config->log.format, log::Format::json);
  EXPECT_EQ(config->engines.sandbox, SandboxMode::best_effort);
  const EngineOverride& speech = config->engines.overrides.at("speech");
  EXPECT_TRUE(speech.enabled);
  EXPECT_EQ(speech.keep_warm, true);
  EXPECT_EQ(speech.threads, 2U);
  EXPECT_EQ(speech.memory, 256ULL << 20);
  EXPECT_EQ(speech.idle_stop, 30s);
  EXPECT_EQ(speech.queue, std::nullopt);
  EXPECT_FALSE(config->engines.overrides.at("embed").enabled);
  EXPECT_TRUE(config->file_was_read);
}

TEST(Config, AnEmptyListenListLeavesOnlyTheUnixSocket) {
  const auto config = parse("server: { listen: [] }", "hearth.yaml");
  ASSERT_TRUE(config);
  EXPECT_THAT(config->server.listen, IsEmpty());
}

TEST(Config, UnknownKeysNameFileLineKeyAndTheNearestKnownOne) {
  EXPECT_EQ(mistake("server:\n  listn: x\n"),
            "hearth.yaml:2: unknown key 'server.listn'; the nearest known key is 'server.listen'");
  EXPECT_EQ(mistake("\nsevrer:\n  listen: x\n"),
            "hearth.yaml:2: unknown key 'sevrer'; the nearest known key is 'server'");
  EXPECT_THAT(mistake("listen: 127.0.0.1:1\n"), HasSubstr("nearest known key is 'server.listen'"));
  EXPECT_THAT(mistake("log:\n  upload: 1 GB\n"), HasSubstr("nearest known key is 'limits.upload'"));
  EXPECT_EQ(mistake("engines:\n  speech:\n    thread: 1\n"),
            "hearth.yaml:3: unknown key 'engines.speech.thread'; the nearest known key is 'engines.speech.threads'");
  EXPECT_THAT(mistake("engines:\n  sandbx: off\n"), HasSubstr("nearest known key is 'engines.sandbox'"));
}

TEST(Config, WrongValuesNameLineAndWhatIsExpected) {
  EXPECT_EQ(
      mistake("limits:\n  upload: lots\n"),
      "hearth.yaml:2: limits.upload: 'lots' is not a size; write it like 64 MiB or 200 MB (expected: size, 1 KiB to "
      "1024 GiB)");
  EXPECT_THAT(mistake("server:\n  connections: -1\n"), HasSubstr("whole number from 1 to 100000"));
  EXPECT_THAT(mistake("server:\n  connections: 1.5\n"), HasSubstr("whole number"));
  EXPECT_THAT(mistake("server:\n  connections: 0\n"), HasSubstr("0 is out of range; use 1 to 100000"));
  EXPECT_THAT(mistake("server:\n  connections: 99999999999999999999\n"), HasSubstr("hearth.yaml:2"));
  EXPECT_THAT(mistake("server:\n  idle_time: soon\n"), HasSubstr("is not a duration"));
  EXPECT_THAT(mistake("server:\n  idle_time: 1000h\n"), HasSubstr("out of range; use 100ms to 24h"));
  EXPECT_THAT(mistake("server:\n  auth: maybe\n"), HasSubstr("'maybe' is not one of: automatic, required, off"));
  EXPECT_THAT(mistake("engines: { ocr: { enabled: 1 } }"), HasSubstr("'1' is neither true nor false"));
  EXPECT_THAT(mistake("server:\n  listen: 127.0.0.1\n"), HasSubstr("is not an address with a port"));
  EXPECT_THAT(mistake("server:\n  listen: 127.0.0.1:70000\n"), HasSubstr("is not an address with a port"));
  EXPECT_THAT(mistake("server:\n  listen: localhost:1\n"), HasSubstr("does not start with an IP address"));
  EXPECT_THAT(mistake("server:\n  allowed_hosts: http://x\n"), HasSubstr("is not a host name"));
  EXPECT_THAT(mistake("server:\n  allowed_origins: [x.org]\n"), HasSubstr("is not an origin"));
}

TEST(Config, ProvidersSayWhereTheyAreAndWhatTheyMaySee) {
  const auto config = parse(
      "providers:\n  openai: { url: https://api.openai.com/v1/, sees: internal, models: [gpt-5, org/m:1], key_files: "
      "/etc/hearth/openai.key }\n"
      "  den: { url: \"http://192.168.1.9:8000/v1\", sees: secret, models: tiny, lan: true, speaks: anthropic }\n"
      "routes:\n  auto: { use: [local, openai/gpt-5 if size>=8k] }\n  gpt-4.1: { use: [den/tiny] }\n",
      "hearth.yaml");
  ASSERT_TRUE(config) << config.error().describe();
  const Provider& openai = config->providers.at("openai");
  EXPECT_EQ(openai.url, "https://api.openai.com/v1");
  EXPECT_EQ(openai.sees, DataClass::internal);
  EXPECT_THAT(openai.models, ElementsAre("gpt-5", "org/m:1"));
  EXPECT_FALSE(openai.lan);
  EXPECT_EQ(config->providers.at("den").speaks, Speaks::anthropic);
  EXPECT_THAT(config->routes.at("auto").use, ElementsAre("local", "openai/gpt-5 if size>=8k"));
  EXPECT_TRUE(config->routes.contains("gpt-4.1"));
  EXPECT_THAT(mistake("providers: { x: { url: https://x, models: [a] } }"), HasSubstr("providers.x: sees must say"));
  EXPECT_THAT(mistake("providers: { x: { sees: public, models: [a] } }"), HasSubstr("url must say"));
  EXPECT_THAT(mistake("providers: { x: { url: https://x, sees: public } }"), HasSubstr("at least one model"));
  EXPECT_THAT(mistake("providers: { X: { url: https://x, sees: public } }"), HasSubstr("is not a provider's name"));
  EXPECT_THAT(mistake("routes: { auto: { use: [local if full moon] } }"), HasSubstr("is no condition"));
}

TEST(Config, WrongShapesAreMistakes) {
  EXPECT_THAT(mistake("[1, 2]"), HasSubstr("must consist of sections"));
  EXPECT_THAT(mistake("server: 5"), HasSubstr("'server' is a section"));
  EXPECT_THAT(mistake("server:\n  auth: [off]\n"), HasSubstr("is a list, but takes one value"));
  EXPECT_THAT(mistake("server:\n  auth: { off: 1 }\n"), HasSubstr("has keys under it"));
  EXPECT_THAT(mistake("server:\n  auth:\n"), HasSubstr("hearth.yaml:2: server.auth has no value"));
  EXPECT_THAT(mistake("server:\n  listen: [[a]]\n"), HasSubstr("not a plain value"));
  EXPECT_THAT(mistake("engines:\n  Speech: { threads: 1 }\n"), HasSubstr("is not an engine's name"));
  EXPECT_THAT(mistake("? [a]\n: 1\n"), HasSubstr("a key must be a plain word"));
}

TEST(Config, AKeySetTwiceIsAMistake) {
  EXPECT_EQ(mistake("server:\n  auth: off\n  connections: 3\n  auth: required\n"),
            "hearth.yaml:4: 'auth' is set twice, first on line 2");
  EXPECT_EQ(mistake("log:\nserver:\nlog:\n"), "hearth.yaml:3: 'log' is set twice, first on line 1");
}

TEST(Config, AllMistakesAreToldTogether) {
  const std::string all = mistake("server:\n  x: 1\n  auth: y\nlimits:\n  z: 1\n");
  EXPECT_THAT(all, AllOf(HasSubstr("hearth.yaml:2:"), HasSubstr("hearth.yaml:3:"), HasSubstr("hearth.yaml:5:")));
  std::string many = "server:\n";
  for (int i = 0; i < 50; ++i) many += "  k" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(mistake(many), HasSubstr("and 40 more mistakes"));
}

TEST(Config, LimitsThatContradictEachOther) {
  EXPECT_EQ(mistake("limits:\n  spool: 1 GiB\n  upload: 2 GiB\n"),
            "hearth.yaml:3: limits.upload (2 GiB) must not be more than limits.spool (1 GiB)");
}

TEST(Config, BrokenYamlNamesTheLine) {
  EXPECT_THAT(mistake("server:\n  auth: [off\n"), AllOf(HasSubstr("hearth.yaml:"), HasSubstr("not valid YAML")));
  EXPECT_THAT(mistake("server:\n\tauth: off\n"), HasSubstr("hearth.yaml:"));
  EXPECT_THAT(mistake("a: 1\n---\nb: 2\n"), Not(HasSubstr("(no mistake)")));
  EXPECT_THAT(mistake(std::string("server:\n  auth: \0off\n", 20)),
              HasSubstr("hearth.yaml:2: there is a control character"));
  EXPECT_EQ(mistake("server:\n  auth: \xff\n"), "hearth.yaml:2: this is not UTF-8 text");
  EXPECT_THAT(mistake("server: !include other.yaml\n"), HasSubstr("tags"));
}

TEST(Config, SizeAndDepthAreBounded) {
  const auto large = parse(std::string((1U << 20U) + 1, '#'), "hearth.yaml");
  ASSERT_FALSE(large);
  EXPECT_TRUE(large.error().is(Errc::too_large));
  EXPECT_THAT(mistake(std::string(100'000, '[')), HasSubstr("hearth.yaml:1"));
  EXPECT_THAT(mistake("server: " + std::string(20, '[') + std::string(20, ']')), HasSubstr("nested too deeply"));
  std::string many = "server:\n";
  for (int i = 0; i < 1001; ++i) many += "  k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(mistake(many), "hearth.yaml:1002: there are more than 1000 entries");
}

TEST(Config, AliasBombsAreRefusedWithoutBeingExpanded) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i > 0 ? ", *" : "*") + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  EXPECT_EQ(mistake(bomb), "hearth.yaml:2: aliases (*name) are not used here; write the value out");
}

TEST(Config, ReadsRulesThatLowerAClass) {
  const auto config = parse(R"(
agents: { orders: {} }
patterns: { staff: { regex: 'S-[0-9]+' } }
declassify:
  shop-orders: { keys: [shop, "Jane's laptop"], agents: orders, found: [email, staff], inputs: yes, to: internal }
  quiet: { keys: key_1, to: public }
)",
                            "hearth.yaml");
  ASSERT_TRUE(config) << config.error().describe();
  const Declassify& rule = config->declassify.at("shop-orders");
  EXPECT_THAT(rule.keys, ElementsAre("shop", "Jane's laptop"));
  EXPECT_THAT(rule.agents, ElementsAre("orders"));
  EXPECT_THAT(rule.found, ElementsAre("email", "staff"));
  EXPECT_TRUE(rule.inputs);
  EXPECT_EQ(rule.to, DataClass::internal);
  const Declassify& quiet = config->declassify.at("quiet");
  EXPECT_THAT(quiet.agents, IsEmpty());
  EXPECT_THAT(quiet.found, IsEmpty());
  EXPECT_FALSE(quiet.inputs);
  // What is rendered decides which kept answers may be used: whatever a rule says is in it.
  EXPECT_THAT(render(*config), AllOf(HasSubstr("declassify.shop-orders.found: [\"email\", \"staff\"]\n"),
                                     HasSubstr("declassify.shop-orders.inputs: true\n"),
                                     HasSubstr("declassify.shop-orders.to: internal\n"),
                                     HasSubstr("declassify.quiet.keys: [\"key_1\"]\n")));
}

TEST(Config, ARuleThatLowersAClassSaysAllThatItNeeds) {
  const auto rule = [](std::string_view keys) {
    return mistake("patterns: { phone: { regex: x } }\ndeclassify: { r: { " + std::string(keys) + " } }\n");
  };
  EXPECT_THAT(mistake("declassify: { r: }\n"),
              AllOf(HasSubstr("declassify.r: keys must name"), HasSubstr("declassify.r: to must say")));
  EXPECT_THAT(rule("keys: [], to: public"), HasSubstr("keys must name at least one API key"));
  EXPECT_THAT(rule("keys: ' shop', to: public"), HasSubstr("hearth.yaml:2: declassify.r.keys: ' shop' is no name"));
  EXPECT_THAT(rule("keys: shop, to: secret"), HasSubstr("to: secret lowers nothing"));
  EXPECT_THAT(rule("keys: shop, to: private"), HasSubstr("declassify.r.to"));
  EXPECT_THAT(rule("keys: shop, to: public, agents: orders"), HasSubstr("there is no agent 'orders'"));
  EXPECT_THAT(rule("keys: shop, to: public, found: [e-mail]"), HasSubstr("'e-mail' is no pattern under"));
  EXPECT_THAT(rule("keys: shop, to: public, found: custom"), HasSubstr("'custom' is no pattern under"));
  EXPECT_THAT(rule("keys: shop, to: public, found: phone"), HasSubstr("'phone' is both"));
  EXPECT_THAT(rule("keys: shop, to: public, fond: email"), HasSubstr("the nearest known key is 'declassify.r.found'"));
  EXPECT_EQ(rule("keys: shop, to: public, found: email"), "(no mistake)");
}

TEST(Config, WhatIsRenderedReadsBackToTheSame) {
  const auto config = parse(
      "server: { listen: ['[::1]:1', '0.0.0.0:2'], auth: required, header_time: 1500ms }\n"
      "limits: { upload: 12345678 }\nlog: { format: text }\nengines: { ocr: { queue: 0, memory: 100 MB } }\n",
      "hearth.yaml");
  ASSERT_TRUE(config) << config.error().describe();
  const std::string rendered = render(*config);
  EXPECT_THAT(rendered, HasSubstr("server.header_time: 1500ms\n"));
  EXPECT_THAT(rendered, HasSubstr("engines.ocr.queue: 0\n"));
  EXPECT_THAT(rendered, Not(HasSubstr("engines.ocr.threads")));

  std::string yaml;  // "a.b: v" a line becomes nested maps; keys of one section follow each other
  std::string open;
  for (std::size_t at = 0; at < rendered.size();) {
    const std::size_t end = rendered.find('\n', at);
    std::string line = rendered.substr(at, end - at);
    at = end + 1;
    std::string sections;
    for (std::size_t dot = 0, colon = line.find(": "); (dot = line.find('.')) < colon; colon = line.find(": ")) {
      sections += std::string(sections.empty() ? 0 : 2, ' ') + line.substr(0, dot) + ":\n";
      line.erase(0, dot + 1);
    }
    const bool nested = sections.find('\n') + 1 < sections.size();
    if (nested && open.starts_with("engines:\n") && sections != open)
      yaml += sections.substr(sections.find('\n') + 1);
    else if (sections != open)
      yaml += sections;
    open = sections;
    yaml += std::string(nested ? 4 : 2, ' ') + line + "\n";
  }
  const auto again = parse(yaml, "rendered");
  ASSERT_TRUE(again) << again.error().describe() << "\n" << yaml;
  EXPECT_EQ(render(*again), rendered);
  EXPECT_EQ(again->limits.upload, 12345678U);
}

}  // namespace
}  // namespace hearth::config
