#include "exit_code.h"

namespace hearth::tool {

std::error_code broken_pipe_code() noexcept {
  return std::make_error_code(std::errc::broken_pipe);
}

ExitCode exit_code(const Error& error) noexcept {
  if (error.code() == broken_pipe_code()) return ExitCode::broken_pipe;
  switch (error.kind()) {
    case Errc::unavailable:
      return ExitCode::not_reachable;
    case Errc::unauthenticated:
    case Errc::permission_denied:
      return ExitCode::not_allowed;
    case Errc::invalid_argument:
    case Errc::unsupported:
    case Errc::too_large:
      return ExitCode::bad_input;
    case Errc::resource_exhausted:
    case Errc::failed_precondition:
    case Errc::deadline_exceeded:
      return ExitCode::busy;
    case Errc::cancelled:
      return ExitCode::interrupted;
    case Errc::not_found:
    case Errc::already_exists:
    case Errc::io_error:
    case Errc::protocol_error:
    case Errc::corrupt:
    case Errc::internal:
      return ExitCode::failed;
  }
  return ExitCode::failed;
}

}  // namespace hearth::tool
