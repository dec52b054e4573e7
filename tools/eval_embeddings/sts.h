// STS-B's pairs and the rank correlation with people's judgements, for programs that measure embeddings.
#pragma once

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace hearth::eval {

inline constexpr std::size_t kMostBytes = 64U << 20U;

struct Pair {
  std::string left;
  std::string right;
  double score = 0;
};

// RFC 4180: fields may be quoted, a quote inside is doubled.
inline std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
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

inline Result<std::vector<Pair>> read_pairs(const std::filesystem::path& path) {
  HEARTH_TRY_ASSIGN(const std::string text, read_file(path, kMostBytes));
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
inline std::vector<double> ranks(const std::vector<double>& values) {
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

inline double pearson(const std::vector<double>& x, const std::vector<double>& y) {
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

inline double spearman(const std::vector<double>& x, const std::vector<double>& y) {
  return pearson(ranks(x), ranks(y));
}

}  // namespace hearth::eval
