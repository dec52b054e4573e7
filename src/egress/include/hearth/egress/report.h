// What left the box, added up: by whom, how confidential, where to, by which rule. Whether the ledger can be believed
// is audit.h's question.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/data_class.h>
#include <hearth/core/error.h>
#include <hearth/egress/audit.h>

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

// How the rule of a call begins whose class was lowered before it left:
// "declassify.shop-orders (personal to internal), providers.cloud.sees: internal".
inline constexpr std::string_view kLoweredBy = "declassify.";

struct ReportQuery {
  std::optional<WallTime> since;  // not set: all that is kept
  // This class and those above it, what a rule lowered from there included; not set: all, and the sentence is about
  // personal.
  std::optional<DataClass> least;
};

struct ReportRow {
  std::string who;  // empty: of folded records, which do not tell
  DataClass data_class = kUnknownClass;
  Purpose purpose = Purpose::provider;
  std::string destination;
  std::string rule;
  std::uint64_t calls = 0;
  std::uint64_t unfinished = 0;
  std::uint64_t sent = 0;  // bytes; of an unfinished call what was to be sent
  std::uint64_t received = 0;
  WallTime first;
  WallTime last;
};

struct Report {
  ReportQuery query;
  std::vector<ReportRow> rows;  // the most confidential first, then by calls; at most 10,000, then the rest as one
  // Set where records of the time asked for were folded: the last of them, and what they add up to. Some of it may be
  // from before `since`.
  std::optional<WallTime> folded_until;
  std::vector<ReportRow> folded;
  [[nodiscard]] std::uint64_t calls() const noexcept;
};

// Errors are those of `rows`; corrupt: a record cannot be read.
Result<Report> report(LedgerRows& rows, const ReportQuery& query);
// "Nothing of class personal or above left this box since …", or what did, where to and by which rule. What a rule
// lowered before it left counts as what it was before.
std::string sentence(const Report& report);
boost::json::object to_json(const Report& report);

}  // namespace hearth::egress
