#include "embedder.h"

#include "pool.h"
#include "support/real_tables.h"
#include "support/tiny_table.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <numeric>

namespace hearth::embed {
namespace {

std::vector<Component> embed(const TableView& table, std::string_view text, std::size_t dims = 0) {
  Embedder embedder(table);
  std::vector<Component> vector(dims == 0 ? table.dims() : dims);
  embedder.embed(text, vector);
  return vector;
}

double length_of(const std::vector<Component>& v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0, std::plus<>(),
                                      [](double a, double b) { return a * b; })) /
         kUnit;
}

double cosine(std::string_view a, std::string_view b) {
  const TableView& table = test::real_tables().words;
  const auto x = embed(table, a);
  const auto y = embed(table, b);
  double dot = 0;
  for (std::size_t i = 0; i < x.size(); ++i) dot += double{1} * x[i] * y[i];
  return dot / (double{kUnit} * kUnit);
}

TEST(Pool, AddsScaledRowsInAnyWidth) {
  for (const std::uint32_t dims : {1U, 7U, 64U, 100U, 129U}) {
    test::AlignedBytes bytes = test::tiny_table(dims);
    const TableView table = TableView::parse(bytes.bytes()).value();
    const std::vector<std::uint16_t> ids{test::kRed, test::kGr, test::kRed, test::kDot};
    std::vector<float> sum(dims, 0.5F);
    add_rows(table, ids, sum);
    for (std::uint32_t d = 0; d < dims; ++d) {
      float expected = 0.5F;
      for (const std::uint16_t id : ids) expected += id % dims == d ? static_cast<float>(id + 1) : 0.0F;
      EXPECT_FLOAT_EQ(sum[d], expected) << dims << ' ' << d;
    }
  }
}

TEST(Embedder, CountsTokensAndMakesUnitVectors) {
  test::AlignedBytes bytes = test::tiny_table(8);
  const TableView table = TableView::parse(bytes.bytes()).value();
  Embedder embedder(table);
  std::vector<Component> v(8);
  EXPECT_EQ(embedder.embed("red greens.", v), 4U);
  // Rows 1, 2, 5 and 6 with scales 2, 3, 6 and 7: their squares sum to 98.
  EXPECT_EQ(v[1], std::lround(2 / std::sqrt(98.0) * kUnit));
  EXPECT_EQ(v[6], std::lround(7 / std::sqrt(98.0) * kUnit));
  EXPECT_EQ(v[0], 0);
}

TEST(Embedder, ATextWithoutTokensGetsTheUnknownTokensVector) {
  test::AlignedBytes bytes = test::tiny_table(8);
  const TableView table = TableView::parse(bytes.bytes()).value();
  Embedder embedder(table);
  std::vector<Component> v(8, 1);
  EXPECT_EQ(embedder.embed(" \x01 ", v), 0U);
  EXPECT_EQ(v[0], kUnit);
  // The kept dimensions of "green" are all zero; of the unknown token's they are not.
  std::vector<Component> two(2, 1);
  EXPECT_EQ(embedder.embed("green", two), 1U);
  EXPECT_EQ(two[0], kUnit);
  EXPECT_EQ(two[1], 0);
}

// numpy's vectors of the committed table; tools/distill/fixtures.py wrote them.
TEST(Embedder, AgreesWithTheReference) {
  const TableView& table = test::real_tables().words;
  std::ifstream file(HEARTH_EMBED_TEST_DATA "/vectors.jsonl");
  int texts = 0;
  for (std::string line; std::getline(file, line); ++texts) {
    const auto expected = boost::json::parse(line);
    const auto made = embed(table, expected.at("text").as_string());
    EXPECT_NEAR(length_of(made), 1.0, 1e-6);
    const auto& first = expected.at("vector").as_array();
    for (std::size_t d = 0; d < first.size(); ++d)
      EXPECT_NEAR(made[d] / double{kUnit}, first[d].to_number<double>(), 2e-6) << line;
  }
  EXPECT_EQ(texts, 40);
}

TEST(Embedder, FewerDimensionsAreTheFirstOnesMadeUnit) {
  const TableView& table = test::real_tables().words;
  const auto whole = embed(table, "A cat sat on the mat.");
  for (const std::size_t dims : {std::size_t{1}, std::size_t{3}, std::size_t{64}, std::size_t{255}}) {
    const auto part = embed(table, "A cat sat on the mat.", dims);
    EXPECT_NEAR(length_of(part), 1.0, 1e-6);
    const double factor = length_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(dims)});
    for (std::size_t d = 0; d < dims; ++d) EXPECT_NEAR(part[d] * factor, whole[d], 4) << dims;
  }
}

TEST(Embedder, MeaningsThatAreNearAreNear) {
  EXPECT_GT(cosine("A man is playing a guitar.", "Someone plays an instrument."),
            cosine("A man is playing a guitar.", "The stock market fell sharply today.") + 0.2);
  EXPECT_GT(cosine("How do I reset my password?", "I forgot my login credentials"),
            cosine("How do I reset my password?", "Best recipe for tomato soup") + 0.2);
  EXPECT_GT(cosine("The kitten sleeps on the sofa", "A cat is napping on the couch"), 0.5);
  EXPECT_NEAR(cosine("Same words", "same WORDS"), 1.0, 1e-6);
}

}  // namespace
}  // namespace hearth::embed
