#include <hearth/core/file.h>
#include <hearth/egress/set_aside.h>

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>

namespace hearth::egress {
namespace {

constexpr std::array<std::string_view, 3> kTables{"egress_records", "egress_checkpoints", "egress_head"};

// "20261121T083000Z"
std::string stamp(WallTime now) {
  std::string text = format_rfc3339(now).substr(0, 19) + "Z";
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

Result<void> copy_tables(store::Connection& db, const std::filesystem::path& to) {
  // Created here for its mode.
  const Fd created(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!created && errno == EEXIST) return fail(Errc::already_exists, fmt::format("there is a {} already", to.string()));
  if (!created) return fail_errno(errno, fmt::format("cannot create {}", to.string()));
  HEARTH_TRY(db.run("ATTACH ?1 AS aside", to.string()));
  for (const std::string_view table : kTables) {
    HEARTH_TRY(db.execute(fmt::format("CREATE TABLE aside.{0} AS SELECT * FROM main.{0}", table)));
  }
  return db.execute("DETACH aside");
}

}  // namespace

Result<SetAside> set_aside(store::Connection& db, const std::filesystem::path& folder, WallTime now) {
  {
    const auto head = db.prepare("SELECT count(*) FROM egress_head");
    if (!head) return fail(Errc::failed_precondition, fmt::format("{} holds no egress ledger", db.path().string()));
  }
  SetAside aside{folder / fmt::format("egress-{}.db", stamp(now)), {}};
  HEARTH_TRY(copy_tables(db, aside.database));
  const auto key = folder / "egress.key";
  std::error_code ec;
  if (std::filesystem::exists(key, ec)) {
    aside.key = folder / fmt::format("egress-{}.key", stamp(now));
    std::filesystem::rename(key, aside.key, ec);
    if (ec) return fail(Errc::io_error, fmt::format("cannot rename {}: {}", key.string(), ec.message()));
  }
  HEARTH_TRY(
      db.execute("BEGIN IMMEDIATE; DELETE FROM egress_records; DELETE FROM egress_checkpoints; DELETE FROM "
                 "egress_head; COMMIT"));
  return aside;
}

}  // namespace hearth::egress
