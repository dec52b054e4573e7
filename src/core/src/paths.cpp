#include <hearth/core/paths.h>

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace hearth {
namespace {

namespace fs = std::filesystem;

fs::path env_or(const char* name, const fs::path& fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? fs::path(value) : fallback;
}

fs::path program_dir() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path();
}

// <prefix>/bin/hearthd looks in <prefix>/INSTALLED; <build>/bin/hearthd in <build>/NAME. In this order: /usr/share is
// there, too.
fs::path beside_program(const char* variable, const char* name, const char* installed) {
  const fs::path prefix = program_dir().parent_path();
  std::error_code ec;
  const fs::path there = prefix / installed;
  return env_or(variable, fs::is_directory(there, ec) ? there : prefix / name);
}

}  // namespace

Paths default_paths() {
  Paths p;
  if (geteuid() == 0) {
    p = {"/etc/hearth/hearth.yaml", "/var/lib/hearth", "/run/hearth"};
  } else {
    const fs::path home = env_or("HOME", "/nonexistent");
    p.config_file = env_or("XDG_CONFIG_HOME", home / ".config") / "hearth/hearth.yaml";
    p.data = env_or("XDG_DATA_HOME", home / ".local/share") / "hearth";
    p.runtime = env_or("XDG_RUNTIME_DIR", p.data / "run") / "hearth";
  }
  p.config_file = env_or("HEARTH_CONFIG", p.config_file);
  p.data = env_or("HEARTH_DATA", p.data);
  p.runtime = env_or("HEARTH_RUNTIME", p.runtime);
  return p;
}

fs::path engines_dir() {
  return beside_program("HEARTH_ENGINES", "engines", "libexec/hearth/engines");
}
fs::path share_dir() {
  return beside_program("HEARTH_SHARE", "share", "share/hearth");
}

}  // namespace hearth
