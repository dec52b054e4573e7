#include "wrk.h"

#include "../process.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <cstdlib>

namespace hearth::bench {
namespace {

constexpr std::size_t kMaxOutput = 1U << 20U;

double number_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  if (at == std::string_view::npos) return 0;
  return std::strtod(std::string(text.substr(at + label.size(), 32)).c_str(), nullptr);
}

}  // namespace

Result<Counted> parse_wrk(std::string_view text) {
  constexpr std::string_view kRequests = " requests in ";
  const auto at = text.find(kRequests);
  if (at == std::string_view::npos || !text.contains("Requests/sec:"))
    return fail(Errc::protocol_error, fmt::format("wrk did not count: {}", text.substr(0, 500)));
  Counted counted;
  counted.rate = number_after(text, "Requests/sec:");
  const auto line = text.rfind('\n', at) + 1;
  counted.requests = std::strtod(std::string(text.substr(line, at - line)).c_str(), nullptr);
  counted.failed = number_after(text, "Non-2xx or 3xx responses:");
  const auto errors = text.find("Socket errors:");
  if (errors != std::string_view::npos) {
    const auto rest = text.substr(errors, text.find('\n', errors) - errors);
    for (const std::string_view kind : {"connect ", "read ", "write ", "timeout "})
      counted.failed += number_after(rest, kind);
  }
  return counted;
}

Result<Counted> run_wrk(const Target& target, const Request& request, std::size_t connections,
                        std::chrono::seconds duration, int core, const std::filesystem::path& folder) {
  const auto script = folder / "wrk.lua";
  const auto log = folder / "wrk.log";
  HEARTH_TRY(write_file_atomic(script, request.wrk_script()));
  std::error_code ignored;
  std::filesystem::remove(log, ignored);
  HEARTH_TRY(run(
      {"/usr/bin/taskset", "-c", fmt::format("{}", core), "/usr/bin/wrk", "-t1", fmt::format("-c{}", connections),
       fmt::format("-d{}s", duration.count()), "-s", script.string(), fmt::format("http://127.0.0.1:{}", target.port)},
      log));
  HEARTH_TRY_ASSIGN(const std::string said, read_file(log, kMaxOutput));
  return parse_wrk(said);
}

}  // namespace hearth::bench
