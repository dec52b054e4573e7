#include <hearth/engines/pack.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

// What the sandbox provides itself, or what no engine has business with.
constexpr std::array<std::string_view, 11> kNotShown{"proc", "sys",  "dev",  "run", "tmp",  "var",
                                                     "home", "root", "boot", "mnt", "media"};

// What else lies in the folder with all packs.
constexpr std::array<std::string_view, 4> kReserved{"store", "debs", "apt", "busy"};

Error not_installed(std::string_view name) {
  return {Errc::not_found, fmt::format("the pack {} is not installed; get it: hearth engines install {}", name, name)};
}

}  // namespace

bool is_pack_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto ok = [&](char c) { return letter(c) || c == '.' || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= 32 && letter(name.front()) && std::ranges::all_of(name, ok) &&
         std::ranges::find(kReserved, name) == kReserved.end();
}

bool is_host(const PackRoot& root) {
  return root.path == "/";
}

Result<PackRoot> open_pack(const fs::path& version) {
  PackRoot root;
  root.id = version.filename().string();
  std::error_code ec;
  root.path = fs::canonical(version / "root", ec);
  if (ec)
    return fail(Error(ec, fmt::format("the pack {} is damaged: {} is missing", root.id, (version / "root").string())));
  if (is_host(root)) return root;
  for (fs::directory_iterator it(root.path, ec), end; !ec && it != end; it.increment(ec)) {
    const std::string folder = it->path().filename().string();
    std::error_code none;
    if (it->symlink_status(none).type() == fs::file_type::directory &&
        std::ranges::find(kNotShown, folder) == kNotShown.end())
      root.folders.push_back(folder);
  }
  if (ec) return fail(Error(ec, fmt::format("cannot look into the pack at {}", root.path.string())));
  std::ranges::sort(root.folders);
  return root;
}

Result<PackRoot> current_pack(const fs::path& packs, std::string_view name) {
  if (packs.empty() || !is_pack_name(name)) return fail(not_installed(name));
  std::error_code ec;
  const fs::path current = packs / name / "current";
  if (!fs::is_symlink(fs::symlink_status(current, ec))) return fail(not_installed(name));
  const fs::path version = fs::canonical(current, ec);
  if (!ec) {
    auto root = open_pack(version);
    if (root) return root;
  }
  return fail(Errc::not_found, fmt::format("the pack {} is damaged ({} leads nowhere); hearthd makes it again by "
                                           "itself, or now: hearth engines install {}",
                                           name, current.string(), name));
}

}  // namespace hearth::engines
