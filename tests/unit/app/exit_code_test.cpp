#include "exit_code.h"

#include <gtest/gtest.h>

#include <utility>

namespace hearth::tool {
namespace {

TEST(ExitCode, EveryKindOfErrorHasTheDocumentedCode) {
  const std::pair<Errc, int> expected[] = {
      {Errc::cancelled, 130},        {Errc::deadline_exceeded, 6}, {Errc::invalid_argument, 5},
      {Errc::unsupported, 5},        {Errc::too_large, 5},         {Errc::unauthenticated, 4},
      {Errc::permission_denied, 4},  {Errc::not_found, 1},         {Errc::already_exists, 1},
      {Errc::resource_exhausted, 6}, {Errc::unavailable, 3},       {Errc::failed_precondition, 6},
      {Errc::io_error, 1},           {Errc::protocol_error, 1},    {Errc::corrupt, 1},
      {Errc::internal, 1},
  };
  for (const auto& [kind, code] : expected)
    EXPECT_EQ(static_cast<int>(exit_code(Error(kind, "x"))), code) << to_string(kind);
}

TEST(ExitCode, AClosedPipeIsWhatTheShellWouldSay) {
  EXPECT_EQ(static_cast<int>(exit_code(Error(broken_pipe_code(), "x"))), 128 + 13);
}

}  // namespace
}  // namespace hearth::tool
