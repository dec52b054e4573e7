#include <hearth/egress/report.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace hearth::egress {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxRows = 10'000;
constexpr std::size_t kMaxNamed = 5;  // destinations in the sentence
constexpr std::string_view kOthers = "(others)";

using Key = std::tuple<std::string, DataClass, Purpose, std::string, std::string>;

class Sums {
 public:
  ReportRow& row(const Begin& b) {
    Key key{b.who, b.data_class, b.purpose, b.destination, b.rule};
    if (rows_.size() >= kMaxRows && !rows_.contains(key))
      key = {std::string(kOthers), b.data_class, b.purpose, std::string(kOthers), std::string(kOthers)};
    const auto [at, fresh] = rows_.try_emplace(key);
    ReportRow& row = at->second;
    if (fresh) {
      std::tie(row.who, row.data_class, row.purpose, row.destination, row.rule) = key;
      row.first = row.last = b.time;
    }
    row.first = std::min(row.first, b.time);
    row.last = std::max(row.last, b.time);
    return row;
  }
  std::vector<ReportRow> take() {
    std::vector<ReportRow> rows;
    for (auto& [key, row] : rows_) rows.push_back(std::move(row));
    std::ranges::sort(rows, [](const ReportRow& a, const ReportRow& b) {
      return std::tie(b.data_class, b.calls, a.destination, a.rule, a.who, a.purpose) <
             std::tie(a.data_class, a.calls, b.destination, b.rule, b.who, b.purpose);
    });
    return rows;
  }

 private:
  std::map<Key, ReportRow> rows_;  // pointers into it stay valid
};

// A call that was begun, until it is completed.
struct OpenCall {
  ReportRow* row = nullptr;
  std::uint64_t announced = 0;
};

DataClass least_of(const ReportQuery& query) {
  return query.least.value_or(DataClass::open);
}

// What it was of before a rule lowered it; what cannot be read may have been anything.
DataClass class_before(DataClass data_class, std::string_view rule) {
  if (!rule.starts_with(kLoweredBy)) return data_class;
  const std::size_t open = rule.find('(');
  if (open == std::string_view::npos) return DataClass::secret;
  rule.remove_prefix(open + 1);
  return parse_data_class(rule.substr(0, rule.find(" to "))).value_or(DataClass::secret);
}

void take_fold(Report& report, const Fold& fold) {
  report.folded.clear();
  report.folded_until.reset();
  const bool concerned = fold.until > 0 && (!report.query.since || fold.last_call >= *report.query.since);
  if (!concerned) return;
  report.folded_until = fold.last_call;
  for (const Fold::Sum& sum : fold.sums) {
    if (class_before(sum.data_class, sum.rule) < least_of(report.query)) continue;
    report.folded.push_back({"", sum.data_class, sum.purpose, sum.destination, sum.rule, sum.calls, 0, sum.bytes, 0,
                             fold.first_call, fold.last_call});
  }
}

std::string calls_text(std::uint64_t calls) {
  return calls == 1 ? "1 call" : fmt::format("{} calls", calls);
}

std::string day_and_time(WallTime t) {
  return format_rfc3339(t).substr(0, 16) + "Z";
}

std::string class_text(DataClass least) {
  return least == DataClass::secret ? "class secret" : fmt::format("class {} or above", hearth::to_string(least));
}

// "3 calls to api.example.com:443 (rule cloud-ok), …", most calls first.
std::string destinations(const std::vector<ReportRow>& rows) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> sums;
  for (const ReportRow& row : rows) sums[{row.destination, row.rule}] += row.calls;
  std::vector<std::pair<std::uint64_t, std::string>> parts;
  for (const auto& [key, calls] : sums)
    parts.emplace_back(calls, fmt::format("{} to {} (rule {})", calls_text(calls), key.first, key.second));
  std::ranges::sort(
      parts, [](const auto& a, const auto& b) { return std::tie(b.first, a.second) < std::tie(a.first, b.second); });
  std::vector<std::string> named;
  for (std::size_t i = 0; i < std::min(parts.size(), kMaxNamed); ++i) named.push_back(parts[i].second);
  std::string text = fmt::format("{}", fmt::join(named, ", "));
  if (parts.size() > kMaxNamed) text += fmt::format(", and {} more", parts.size() - kMaxNamed);
  return text;
}

std::vector<ReportRow> of_class(std::vector<ReportRow> rows, DataClass least) {
  std::erase_if(rows, [&](const ReportRow& row) { return class_before(row.data_class, row.rule) < least; });
  return rows;
}

std::uint64_t count(const std::vector<ReportRow>& rows) {
  return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                         [](std::uint64_t n, const ReportRow& row) { return n + row.calls; });
}

json::object row_json(const ReportRow& row) {
  return {{"who", row.who},
          {"class", hearth::to_string(row.data_class)},
          {"purpose", to_string(row.purpose)},
          {"destination", row.destination},
          {"rule", row.rule},
          {"calls", row.calls},
          {"unfinished", row.unfinished},
          {"bytes_sent", row.sent},
          {"bytes_received", row.received},
          {"first_at", format_rfc3339(row.first)},
          {"last_at", format_rfc3339(row.last)}};
}

json::array rows_json(const std::vector<ReportRow>& rows) {
  json::array all;
  for (const ReportRow& row : rows) all.push_back(row_json(row));
  return all;
}

}  // namespace

std::uint64_t Report::calls() const noexcept {
  return count(rows);
}

Result<Report> report(LedgerRows& rows, const ReportQuery& query) {
  Report report{query, {}, {}, {}};
  Sums sums;
  std::unordered_map<std::uint64_t, OpenCall> open;
  HEARTH_TRY(rows.rewind());
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<RecordRow> row, rows.next());
    if (!row) break;
    const auto record = decode(row->record);
    if (!record)
      return fail(record.error().wrap(
          fmt::format("record {} of the egress ledger cannot be read; see `hearth egress verify`", row->number)));
    if (const auto* fold = std::get_if<Fold>(&record->entry)) {
      take_fold(report, *fold);
    } else if (const auto* begin = std::get_if<Begin>(&record->entry)) {
      if (class_before(begin->data_class, begin->rule) < least_of(query) || (query.since && begin->time < *query.since))
        continue;
      ReportRow& sum = sums.row(*begin);
      ++sum.calls;
      ++sum.unfinished;
      sum.sent += begin->bytes;
      open[static_cast<std::uint64_t>(row->number)] = {&sum, begin->bytes};
    } else {
      const auto& complete = std::get<Complete>(record->entry);
      const auto call = open.find(complete.begin);
      if (call == open.end()) continue;
      ReportRow& sum = *call->second.row;
      --sum.unfinished;
      sum.sent += complete.sent - call->second.announced;
      sum.received += complete.received;
      open.erase(call);
    }
  }
  report.rows = sums.take();
  return report;
}

std::string sentence(const Report& report) {
  const DataClass least = report.query.least.value_or(DataClass::personal);
  const auto rows = of_class(report.rows, least);
  const auto old = of_class(report.folded, least);
  const std::string since =
      report.query.since ? fmt::format(" since {}", day_and_time(*report.query.since)) : std::string();
  const std::uint64_t calls = count(rows);
  const std::uint64_t folded = count(old);
  const std::string of = class_text(least);
  std::string text;
  if (calls > 0) {
    text = fmt::format("Of {}, {} left this box{}: {}.", of, calls_text(calls), since, destinations(rows));
  } else if (!report.folded_until || folded == 0) {
    text = fmt::format("Nothing of {} left this box{}.", of, since);
  } else {
    text = fmt::format("Nothing of {} left this box since {}.", of, day_and_time(*report.folded_until));
  }
  if (folded > 0)
    text += fmt::format(" Of the time up to {} only sums are kept{}: {}.", day_and_time(*report.folded_until),
                        report.query.since ? ", which begin before the time asked for" : "", destinations(old));
  return text;
}

json::object to_json(const Report& report) {
  const auto time = [](const std::optional<WallTime>& t) {
    return t ? json::value(format_rfc3339(*t)) : json::value(nullptr);
  };
  return {{"since", time(report.query.since)}, {"class", hearth::to_string(least_of(report.query))},
          {"answer", sentence(report)},        {"calls", report.calls()},
          {"data", rows_json(report.rows)},    {"folded_until", time(report.folded_until)},
          {"folded", rows_json(report.folded)}};
}

}  // namespace hearth::egress
