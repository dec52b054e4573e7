// The engines as a table; `hearth status` and `hearth engines` show the same.
#pragma once

#include "../session.h"
#include "../table.h"

namespace hearth::tool {

// `engines`: an array as GET /admin/engines gives it.
std::string engine_table(const json::array& engines, const Session& session);
// What all engines together use and may use; empty when the daemon does not say.
std::string memory_line(const json::value& memory);
// One line per trouble of an engine (why it waits or rests, its last error), for below the table.
std::string engine_troubles(const json::array& engines, const Session& session);

// What the box did by itself about things that went wrong: a line each, the newest last; empty: nothing. `healing`: as
// GET /admin/engines gives it.
std::string healing_lines(const json::array& healing, const Session& session);

}  // namespace hearth::tool
