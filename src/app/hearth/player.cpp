#include "player.h"

#include "interrupt.h"

#include <hearth/core/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

namespace hearth::tool {
namespace {

struct Player {
  const char* program;
  std::vector<const char*> arguments;  // before the file
};

const std::array<Player, 4>& players() {
  static const std::array<Player, 4> kPlayers{
      {{"pw-play", {}}, {"paplay", {}}, {"aplay", {"-q"}}, {"ffplay", {"-nodisp", "-autoexit", "-loglevel", "error"}}}};
  return kPlayers;
}

bool installed(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "/usr/bin:/bin" : path;
  while (!folders.empty()) {
    const std::size_t colon = folders.find(':');
    const std::string candidate = std::string(folders.substr(0, colon)) + "/" + std::string(program);
    if (::access(candidate.c_str(), X_OK) == 0) return true;
    folders.remove_prefix(colon == std::string_view::npos ? folders.size() : colon + 1);
  }
  return false;
}

// A file that is gone with this object.
class TemporaryFile {
 public:
  static Result<TemporaryFile> create(std::string_view content) {
    std::error_code ec;
    std::string path = (std::filesystem::temp_directory_path(ec) / "hearth-XXXXXX.wav").string();
    Fd fd(::mkostemps(path.data(), 4, O_CLOEXEC));
    if (!fd) return fail_errno(errno, "making a temporary file");
    remove_on_interrupt(path);
    TemporaryFile file(std::move(path));
    HEARTH_TRY(write_all(fd.get(), content));
    return file;
  }
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (path_.empty()) return;
    ::unlink(path_.c_str());
    remove_on_interrupt({});
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// True if it was played. What a player without a sound card complains about fills a screen: it is kept from the
// terminal, and with ffplay, which reports success either way, it is the only sign of failure.
bool played(const Player& player, const std::string& file) {
  std::vector<std::string> words{player.program};
  for (const char* argument : player.arguments) words.emplace_back(argument);
  words.push_back(file);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const Fd complaints(::memfd_create("hearth-player", MFD_CLOEXEC));
  if (!complaints) return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, complaints.get(), STDERR_FILENO);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, player.program, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return false;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return false;
  const bool silent = ::lseek(complaints.get(), 0, SEEK_END) == 0;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 && (silent || player.program != std::string_view("ffplay"));
}

}  // namespace

Result<void> play_wav(std::string_view wav) {
  std::string tried;
  std::optional<TemporaryFile> file;
  for (const Player& player : players()) {
    if (!installed(player.program)) continue;
    if (!file) {
      auto created = TemporaryFile::create(wav);
      if (!created) return std::unexpected(created.error());
      file.emplace(std::move(*created));
    }
    if (played(player, file->path())) return {};
    tried += (tried.empty() ? "" : ", ") + std::string(player.program);
  }
  if (tried.empty())
    return fail(Errc::io_error,
                "No program that plays sound is here (pw-play, paplay, aplay or ffplay; alsa-utils has aplay). "
                "Write a file: -o speech.ogg");
  return fail(Errc::io_error, fmt::format("{} could not play the sound. Write a file: -o speech.ogg", tried));
}

}  // namespace hearth::tool
