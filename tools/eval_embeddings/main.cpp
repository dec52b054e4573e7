// Judges the embedding engine's own vectors by people's judgements: Spearman's rank correlation on STS-B (test).
//
//   HEARTH_EVAL_DIR=DIR eval_embeddings TABLE_FOLDER [DIMENSIONS …]
//
// reads DIR/eval/stsb-en-test.csv (PhilipMay/stsb-multi-mt, CC BY-SA 4.0; rows of sentence, sentence, score). Exits
// with 1 when the correlation at full length is below the floor.
#include "embedder.h"
#include "table.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

namespace {

using namespace hearth;

constexpr double kFloor = 0.70;
constexpr std::size_t kMaxFile = 64U << 20U;

struct Pair {
  std::string left;
  std::string right;
  double score = 0;
};

// RFC 4180: fields may be quoted, a quote inside is doubled.
std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows(1);
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"';
    if (doubled) {
      field += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted || (c != ',' && c != '\n' && c != '\r')) {
      field += c;
    } else if (c != '\r') {
      rows.back().push_back(std::exchange(field, {}));
      if (c == '\n') rows.emplace_back();
    }
  }
  if (!field.empty()) rows.back().push_back(field);
  return rows;
}

Result<std::vector<Pair>> read_pairs(const std::filesystem::path& path) {
  HEARTH_TRY_ASSIGN(const std::string text, read_file(path, kMaxFile));
  std::vector<Pair> pairs;
  for (auto& row : parse_csv(text)) {
    if (row.size() != 3) continue;
    Pair pair{.left = std::move(row[0]), .right = std::move(row[1])};
    const auto [end, error] = std::from_chars(row[2].data(), row[2].data() + row[2].size(), pair.score);
    if (error != std::errc()) return fail(Errc::corrupt, fmt::format("{}: the score '{}'", path.string(), row[2]));
    pairs.push_back(std::move(pair));
  }
  if (pairs.size() < 2) return fail(Errc::corrupt, fmt::format("{} has no pairs", path.string()));
  return pairs;
}

// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> rank(values.size());
  for (std::size_t from = 0; from < order.size();) {
    std::size_t to = from;
    while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
    for (std::size_t i = from; i < to; ++i) rank[order[i]] = static_cast<double>(from + to + 1) / 2;
    from = to;
  }
  return rank;
}

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::reduce(x.begin(), x.end()) / n;
  const double mean_y = std::reduce(y.begin(), y.end()) / n;
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return xy / std::sqrt(xx * yy);
}

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
  return pearson(ranks(cosines), ranks(scores));
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
  const auto pairs = read_pairs(std::filesystem::path(folder) / "eval" / "stsb-en-test.csv");
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
