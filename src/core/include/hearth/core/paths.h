// Where things lie: next to the program in a build tree, under /usr after installation, and the user's or the system's
// data folders (XDG base directories; /var/lib and /run for root and for the service).
#pragma once

#include <filesystem>

namespace hearth {

struct Paths {
  std::filesystem::path config_file;  // hearth.yaml; need not exist
  std::filesystem::path data;         // keys.db, spool/
  std::filesystem::path runtime;      // sockets
};

// For this user: root and the service use /etc/hearth, /var/lib/hearth, /run/hearth; others XDG. The environment's
// HEARTH_CONFIG, HEARTH_DATA and HEARTH_RUNTIME win.
Paths default_paths();
// The folder that holds the engine programs, their manifests and data: HEARTH_ENGINES, else
// <prefix>/libexec/hearth/engines, else <build>/engines.
std::filesystem::path engines_dir();
// The same for read-only data of ours (openapi.json, tour pages): HEARTH_SHARE, else
// <prefix>/share/hearth, else <build>/share.
std::filesystem::path share_dir();

}  // namespace hearth
