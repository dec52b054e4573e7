// The engines as a table; `hearth status` and `hearth engines` show the same.
#pragma once

#include "../session.h"
#include "../table.h"

namespace hearth::tool {

// `engines`: an array as GET /admin/engines gives it.
std::string engine_table(const json::array& engines, const Session& session);
// One line per engine with a last_error, for below the table.
std::string engine_troubles(const json::array& engines, const Session& session);

}  // namespace hearth::tool
