#include <hearth/config/config.h>
#include <hearth/privacy/declassify.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hearth {
namespace {

// hearth.yaml's room is below the one with the detectors, so each has the list.
TEST(FoundKinds, AreTheSameForRulesAsForDetectors) {
  for (std::size_t i = 0; i < privacy::kKinds; ++i) {
    const auto kind = static_cast<privacy::Kind>(i);
    const std::vector<std::string> found{std::string(to_string(kind))};
    const std::string yaml = "declassify: { r: { keys: shop, to: public, found: " + found[0] + " } }\n";
    const bool is_listed = config::parse(yaml, "hearth.yaml").has_value();
    EXPECT_EQ(is_listed, kind != privacy::Kind::custom) << found[0];
    const auto rule = privacy::make_rule({.name = "r", .keys = {}, .agents = {}, .found = found}, {});
    EXPECT_EQ(rule.has_value(), is_listed) << found[0];
  }
}

}  // namespace
}  // namespace hearth
