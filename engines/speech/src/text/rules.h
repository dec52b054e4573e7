// The rules of each language: given a place where a word, number or sign begins, what is said there instead, if
// anything. Pure; any thread. Each looks ahead a bounded number of bytes, so a text is walked in linear time.
#pragma once

#include "reader.h"

namespace hearth::speech {

namespace english {
Match clock_time(const Reader& from);     // 02:17, 14:05:30, 7pm, 7:30 p.m.
Match calendar_date(const Reader& from);  // 2026-03-05, 2026-03-05T14:05Z, 3/25/2026, 25.3.2026
Match day_and_month(const Reader& from);  // 5 March 2026
Match month_and_day(const Reader& from);  // March 5th, 2026; Mar. 5; at a letter
Match telephone(const Reader& from);      // +49 30 1234567, 555-123-4567, 007
Match version(const Reader& from);        // 1.2.3, v1.2, 192.168.1.10
Match amount(const Reader& from);         // $1,200, 3–5 km, -4 °C, 30%, 2nd, ½, 1,000, 3.14
Match abbreviation(const Reader& from);   // Dr., e.g., No. 5; at a letter
Match symbol(const Reader& from);         // &, ±, ≈, #5
}  // namespace english

// URLs, e-mail addresses and bare domain names; at a letter or digit.
Match address(const Reader& from);

namespace chinese {
Match clock_time(const Reader& from);
Match calendar_date(const Reader& from);
Match amount(const Reader& from);
}  // namespace chinese

}  // namespace hearth::speech
