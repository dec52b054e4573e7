// Numbers in words, English and Chinese. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace hearth::speech {

// All take strings of ASCII digits, so that no size is out of range; past 15 digits they are read one by one.
namespace english {
std::string cardinal(std::string_view digits);    // "1200" → "one thousand two hundred"
std::string ordinal(std::string_view digits);     // "21" → "twenty first"
std::string one_by_one(std::string_view digits);  // "007" → "zero zero seven"
std::string year(int year);                       // 1905 → "nineteen oh five"; 0 to 9999
std::string minute(int minute);                   // 5 → "oh five"; 0 to 59
}  // namespace english

namespace chinese {
std::string cardinal(std::string_view digits);    // "1200" → "一千二百"
std::string one_by_one(std::string_view digits);  // "2026" → "二零二六"
}  // namespace chinese

}  // namespace hearth::speech
