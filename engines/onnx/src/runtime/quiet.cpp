#include "quiet.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace hearth::onnx {
namespace {

constexpr std::size_t kMostRead = 4U << 20U;
constexpr std::size_t kMostKept = 4096;

}  // namespace

QuietStderr::QuietStderr()
    : kept_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), swallowed_(::memfd_create("stderr", MFD_CLOEXEC)) {
  // Without either, the lines are printed: a nuisance, not a failure.
  if (kept_ && swallowed_) ::dup2(swallowed_.get(), STDERR_FILENO);
}

QuietStderr::~QuietStderr() {
  if (kept_ && swallowed_) ::dup2(kept_.get(), STDERR_FILENO);
}

std::string QuietStderr::remarkable() const {
  std::string text;
  const off_t size = swallowed_ ? ::lseek(swallowed_.get(), 0, SEEK_END) : 0;
  text.resize(size < 0 ? 0 : std::min(static_cast<std::size_t>(size), kMostRead));
  const ssize_t got = text.empty() ? 0 : ::pread(swallowed_.get(), text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return without_schema_lines(text, kMostKept);
}

std::string without_schema_lines(std::string_view text, std::size_t most) {
  std::string kept;
  for (std::size_t at = 0; at < text.size() && kept.size() < most;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.starts_with("Schema error: Trying to register schema")) continue;
    kept.append(line.substr(0, most)).push_back('\n');
  }
  if (kept.size() > most) kept.resize(most);
  return kept;
}

}  // namespace hearth::onnx
