// What a person does with a ledger that cannot be continued, because it was tampered with or its key was lost.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/store/database.h>

#include <filesystem>

namespace hearth::egress {

struct SetAside {
  std::filesystem::path database;  // where its tables are now
  std::filesystem::path key;       // where its key is; empty: there was none
};

// Moves the tables of the ledger in `db` to a file of their own in `folder`, and its key beside it, so that the next
// Ledger::open() begins a new one. No hearthd may run on the folder: hold its DataLock. already_exists: there is such a
// file; failed_precondition: there is no ledger; what the store says.
Result<SetAside> set_aside(store::Connection& db, const std::filesystem::path& folder, WallTime now);

}  // namespace hearth::egress
