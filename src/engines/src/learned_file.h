// What engines have shown to need, as a small text file that outlives the daemon: a line an engine, "NAME PEAK REQUESTS
// RELOAD_MS". It is an aid, not a record: lines that are no good are left out, and without the file estimates hold.
#pragma once

#include <hearth/engines/ledger.h>

#include <map>
#include <string>
#include <string_view>

namespace hearth::engines {

using LearnedByName = std::map<std::string, Learned, std::less<>>;
inline constexpr std::size_t kMaxLearnedFile = 256 * 1024;
LearnedByName parse_learned(std::string_view text);
std::string format_learned(const LearnedByName& learned);

}  // namespace hearth::engines
