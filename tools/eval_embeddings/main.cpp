// Judges the embedding engine's own vectors by people's judgements: Spearman's rank correlation on STS-B (test).
//
//   HEARTH_EVAL_DIR=DIR eval_embeddings TABLE_FOLDER [DIMENSIONS …]
//
// reads DIR/eval/stsb-en-test.csv (PhilipMay/stsb-multi-mt, CC BY-SA 4.0; rows of sentence, sentence, score). Exits
// with 1 when the correlation at full length is below the floor.
#include "embedder.h"
#include "sts.h"
#include "table.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

namespace {

using namespace hearth;
using eval::Pair;

constexpr double kFloor = 0.70;
double spearman(const embed::TableView& table, const std::vector<Pair>& pairs, std::size_t dims) {
  embed::Embedder embedder(table);
  std::vector<embed::Component> left(dims);
  std::vector<embed::Component> right(dims);
  std::vector<double> cosines;
  std::vector<double> scores;
  for (const Pair& pair : pairs) {
    embedder.embed(pair.left, left);
    embedder.embed(pair.right, right);
    cosines.push_back(std::transform_reduce(left.begin(), left.end(), right.begin(), 0.0, std::plus<>(),
                                            [](double a, double b) { return a * b; }));
    scores.push_back(pair.score);
  }
  return eval::spearman(cosines, scores);
}

int give_up(const std::string& why) {
  fmt::print(stderr, "eval_embeddings: {}\n", why);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const char* folder = std::getenv("HEARTH_EVAL_DIR");
  if (argc < 2 || folder == nullptr)
    return give_up("set HEARTH_EVAL_DIR, and name the folder with table.bin (and dimensions to try)");
  const auto table = embed::Table::open(std::filesystem::path(argv[1]) / "table.bin");
  if (!table) return give_up(table.error().describe());
  const auto pairs = eval::read_pairs(std::filesystem::path(folder) / "eval" / "stsb-en-test.csv");
  if (!pairs) return give_up(pairs.error().describe());

  const std::size_t all = table->view().dims();
  const double full = spearman(table->view(), *pairs, all);
  fmt::print("STS-B test, {} pairs, {}\n", pairs->size(), table->view().model());
  fmt::print("  {:4} dimensions: Spearman {:.4f} (floor {:.2f})\n", all, full, kFloor);
  for (int i = 2; i < argc; ++i) {
    const auto dims = static_cast<std::size_t>(std::atoi(argv[i]));
    if (dims < 1 || dims > all) return give_up(fmt::format("dimensions are from 1 to {}", all));
    fmt::print("  {:4} dimensions: Spearman {:.4f}\n", dims, spearman(table->view(), *pairs, dims));
  }
  return full >= kFloor ? 0 : 1;
}
