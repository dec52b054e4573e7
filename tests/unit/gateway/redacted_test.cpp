#include "src/redacted.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace hearth::gateway {
namespace {

// Keeps what comes out at the client's end.
class Kept : public Relay {
 public:
  explicit Kept(std::string& out) : out_(out) {}
  Result<std::string_view> part(std::string_view bytes) override {
    out_ += bytes;
    return bytes;
  }
  Result<void> end() override { return {}; }
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override { return body; }
  [[nodiscard]] dialects::Usage usage() const override { return {}; }

 private:
  std::string& out_;
};

privacy::Placeholders placeholders() {
  privacy::Placeholders made;
  made.of("EMAIL", "jane@example.org");
  return made;
}

const std::string kStream =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"to [EMA\"}}]}\n\n"
    ": a sign of life\n\n"
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"IL_1].\"}}]}\n\n"
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

TEST(RedactedTest, AStreamHasTheOriginalsHoweverItIsCut) {
  const bool held = rc::check("the client gets the same", [] {
    const privacy::Placeholders made = placeholders();
    std::string out;
    const auto relay = restoring(made, std::make_unique<Kept>(out));
    std::string_view rest = kStream;
    while (!rest.empty()) {
      const auto n = *rc::gen::inRange<std::size_t>(1, 40);
      RC_ASSERT(relay->part(rest.substr(0, n)).has_value());
      rest.remove_prefix(std::min(n, rest.size()));
    }
    RC_ASSERT(out.find("\"content\":\"to \"") != std::string::npos);
    RC_ASSERT(out.find("\"content\":\"jane@example.org.\"") != std::string::npos);
    RC_ASSERT(out.find("EMAIL") == std::string::npos);
    RC_ASSERT(out.ends_with("data: [DONE]\n\n"));
  });
  EXPECT_TRUE(held);
}

TEST(RedactedTest, AWholeAnswerHasThemToo) {
  const privacy::Placeholders made = placeholders();
  std::string out;
  const auto relay = restoring(made, std::make_unique<Kept>(out));
  const auto answer = relay->whole(R"({"choices":[{"message":{"content":"to [EMAIL_1], not [EMAIL_2]"}}]})", nullptr);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, R"({"choices":[{"message":{"content":"to jane@example.org, not [EMAIL_2]"}}]})");
}

TEST(RedactedTest, ASignOfLifeGoesThrough) {
  const privacy::Placeholders made = placeholders();
  std::string out;
  const auto relay = restoring(made, std::make_unique<Kept>(out));
  ASSERT_TRUE(relay->part(":\n\n"));
  EXPECT_EQ(out, ":\n\n");
}

TEST(RedactedTest, AResponseHasThemHoweverItIsCut) {
  const std::string stream =
      "event: response.output_text.delta\n"
      "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"to [EMA\"}\n\n"
      "event: response.output_text.delta\n"
      "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"IL_1].\"}\n\n"
      "event: response.completed\n"
      "data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"text\":\"to [EMAIL_1].\"}]}}\n\n";
  const bool held = rc::check("the client gets the same", [&stream] {
    const privacy::Placeholders made = placeholders();
    std::string out;
    const auto relay = restoring_response(made, std::make_unique<Kept>(out));
    std::string_view rest = stream;
    while (!rest.empty()) {
      const auto n = *rc::gen::inRange<std::size_t>(1, 40);
      RC_ASSERT(relay->part(rest.substr(0, n)).has_value());
      rest.remove_prefix(std::min(n, rest.size()));
    }
    RC_ASSERT(out.find("EMAIL") == std::string::npos);
    RC_ASSERT(out.find("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
                       "\"output_index\":0,\"delta\":\"jane@example.org.\"}") != std::string::npos);
    RC_ASSERT(out.ends_with("{\"text\":\"to jane@example.org.\"}]}}\n\n"));
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace hearth::gateway
