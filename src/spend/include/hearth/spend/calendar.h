// The box's own days and months: budgets begin anew at its midnight, not at UTC's.
#pragma once

#include <hearth/config/budget.h>
#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace hearth::spend {

// A date of the calendar, as days since 1970-01-01.
using Day = std::int32_t;

std::string to_string(Day day);  // "2026-11-27"
std::optional<Day> parse_day(std::string_view text);

class Calendar {
 public:
  // $TZ, else the time zone of this machine; UTC where that cannot be found out (no tzdata).
  static Calendar local();
  // not_found: there is no such time zone.
  static Result<Calendar> of(const std::string& zone);
  static Calendar utc() { return Calendar(nullptr); }

  [[nodiscard]] Day day_of(WallTime at) const;
  // The first day of the period that `day` lies in; 0 for `total`.
  static Day first_day(config::Period period, Day day);
  // When the period that began on `first` ends; nullopt for `total`.
  [[nodiscard]] std::optional<WallTime> end_of(config::Period period, Day first) const;
  // "2026-11-28 00:00" by the box's clock.
  [[nodiscard]] std::string local_minute(WallTime at) const;

 private:
  explicit Calendar(const date::time_zone* zone) : zone_(zone) {}
  [[nodiscard]] WallTime begin_of(Day day) const;
  const date::time_zone* zone_;  // nullptr: UTC; lives as long as the process
};

}  // namespace hearth::spend
