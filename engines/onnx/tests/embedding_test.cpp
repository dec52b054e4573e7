#include "any_numbers.h"
#include "embedding/encoder.h"
#include "embedding/pooling.h"
#include "fake_model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace hearth::onnx {
namespace {

using testing::any_numbers;
using testing::FakeModel;
using testing::floats;

double length_of(const std::vector<embed::Component>& vector) {
  double squares = 0;
  for (const embed::Component c : vector) squares += static_cast<double>(c) * c;
  return std::sqrt(squares) / embed::kUnit;
}

TEST(Pooling, MeanAndFirst) {
  const std::vector<float> hidden{3, 0, 0, 0, 4, 0};
  std::vector<embed::Component> vector(3);
  ASSERT_TRUE(pool_into(hidden, 3, Pooling::mean, vector).has_value());
  EXPECT_EQ(vector, (std::vector<embed::Component>{6'000'000, 8'000'000, 0}));
  ASSERT_TRUE(pool_into(hidden, 3, Pooling::cls, vector).has_value());
  EXPECT_EQ(vector, (std::vector<embed::Component>{10'000'000, 0, 0}));
  vector.resize(2);
  ASSERT_TRUE(pool_into(std::vector<float>{3, 4, 100}, 3, Pooling::mean, vector).has_value());
  EXPECT_NEAR(length_of(vector), 1, 1e-6) << "the first components, at length one again";
}

TEST(Pooling, RefusesNoVectors) {
  std::vector<embed::Component> vector(2);
  for (const float bad : {0.0F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    EXPECT_FALSE(pool_into(std::vector<float>{bad, bad}, 2, Pooling::mean, vector).has_value());
  EXPECT_FALSE(pool_into(std::vector<float>{1, 2, 3}, 2, Pooling::mean, vector).has_value());
  EXPECT_FALSE(pool_into({}, 2, Pooling::mean, vector).has_value());
  EXPECT_FALSE(pool_into(std::vector<float>{1}, 1, Pooling::mean, vector).has_value())
      << "more asked for than there are";
}

RC_GTEST_PROP(Pooling, AVectorHasLengthOneOrIsNone, ()) {
  const auto width = static_cast<std::size_t>(*rc::gen::inRange(1, 9));
  const auto hidden = any_numbers(width * static_cast<std::size_t>(*rc::gen::inRange(0, 6)));
  std::vector<embed::Component> vector(static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(width) + 1)));
  const Pooling pooling = *rc::gen::element(Pooling::mean, Pooling::cls);
  if (pool_into(hidden, width, pooling, vector)) RC_ASSERT(std::abs(length_of(vector) - 1) < 1e-5);
}

embed::Vocabulary small_vocabulary() {
  return embed::Vocabulary::parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\nred\ngreen\n##s\n", embed::LetterCase::lower).value();
}

// Gives each token a row with its id at its place.
std::unique_ptr<FakeModel> echo(std::vector<std::vector<std::int64_t>>* seen, std::vector<std::string> inputs) {
  std::vector<Port> ports;
  for (std::string& name : inputs) ports.push_back({std::move(name), Element::int64, {-1, -1}});
  return std::make_unique<FakeModel>(ports, std::vector<Port>{{"last_hidden_state", Element::float32, {-1, -1, 8}}},
                                     [seen](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
                                       seen->clear();
                                       for (const Tensor& t : in) seen->push_back(std::get<1>(t.values));
                                       const auto& ids = seen->front();
                                       std::vector<float> rows(ids.size() * 8, 0.0F);
                                       for (std::size_t i = 0; i < ids.size(); ++i)
                                         rows[i * 8 + static_cast<std::size_t>(ids[i])] = 1;
                                       return std::vector{floats({1, static_cast<std::int64_t>(ids.size()), 8}, rows)};
                                     });
}

TEST(Encoder, GivesTheModelItsTokens) {
  std::vector<std::vector<std::int64_t>> seen;
  const auto encoder = Encoder::create(echo(&seen, {"input_ids", "attention_mask", "token_type_ids"}),
                                       small_vocabulary(), {.pooling = Pooling::mean, .max_tokens = 5})
                           .value();
  EXPECT_EQ(encoder->dims(), 8U);
  std::vector<embed::Component> vector(8);
  EXPECT_EQ(encoder->embed("Red greens", vector).value(), 5U);
  EXPECT_EQ(seen, (std::vector<std::vector<std::int64_t>>{{2, 4, 5, 6, 3}, {1, 1, 1, 1, 1}, {0, 0, 0, 0, 0}}));
  EXPECT_EQ(vector[4], vector[5]);
  EXPECT_GT(vector[4], 0);
  EXPECT_EQ(encoder->embed("red red red red red red", vector).value(), 5U) << "cut off";
  EXPECT_EQ(seen[0], (std::vector<std::int64_t>{2, 4, 4, 4, 3}));
  EXPECT_EQ(encoder->embed("", vector).value(), 2U);
}

TEST(Encoder, RefusesOtherModels) {
  std::vector<std::vector<std::int64_t>> seen;
  const Encoder::Options options;
  EXPECT_EQ(Encoder::create(echo(&seen, {"attention_mask"}), small_vocabulary(), options).error().kind(),
            Errc::unsupported);
  EXPECT_EQ(Encoder::create(echo(&seen, {"input_ids", "position_ids"}), small_vocabulary(), options).error().kind(),
            Errc::unsupported);
  const auto with = [&](Port output, FakeModel::Run run) {
    auto model = std::make_unique<FakeModel>(std::vector<Port>{{"input_ids", Element::int64, {-1, -1}}},
                                             std::vector<Port>{std::move(output)}, std::move(run));
    return Encoder::create(std::move(model), small_vocabulary(), options).error().kind();
  };
  EXPECT_EQ(with({"logits", Element::float32, {-1, 2}}, nullptr), Errc::unsupported);
  EXPECT_EQ(with({"last_hidden_state", Element::int64, {-1, -1, 8}}, nullptr), Errc::unsupported);
  EXPECT_EQ(with({"last_hidden_state", Element::float32, {-1, -1, 8}},
                 [](const std::vector<Tensor>&) -> Result<std::vector<Tensor>> {
                   return std::vector{floats({1, 99, 8}, std::vector<float>(792))};
                 }),
            Errc::corrupt)
      << "not as many rows as tokens";
}

}  // namespace
}  // namespace hearth::onnx
