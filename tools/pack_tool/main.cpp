// pack_tool --recipes DIR --packs DIR [OPTION…] NAME…: makes packs in a folder, without a daemon. tools/pack and the
// tests use it.
#include <hearth/engines/pack_install.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>

namespace hearth::engines {
namespace {

struct Wish {
  std::filesystem::path recipes;
  std::filesystem::path packs;
  std::vector<std::string> names;
  PackOptions options;
  bool system = false;
  bool garbage = false;
};

Result<void> make(const Wish& wish, const std::string& name) {
  HEARTH_TRY_ASSIGN(const Recipe recipe, load_recipe(wish.recipes, name));
  std::string step;
  const auto progress = [&](const PackProgress& now) {
    if (now.step != step) fmt::print(stderr, "{}: {} {}\n", name, now.step, now.detail);
    step = now.step;
  };
  const PackStore store(wish.packs);
  HEARTH_TRY_ASSIGN(const InstalledPack made, install_pack(store, recipe, wish.options, progress, std::stop_token()));
  if (!made.note.empty()) fmt::print(stderr, "{}: {}\n", name, made.note);
  if (wish.garbage) {
    HEARTH_TRY_ASSIGN(const Fd busy, store.exclusive());
    HEARTH_TRY(store.collect_garbage());
  }
  fmt::print("{}\n", (store.version(made.id) / "root").string());
  return {};
}

}  // namespace

int make_packs(int argc, char** argv) {
  Wish wish;
  CLI::App app("Makes engine packs in a folder and prints their roots.", "pack_tool");
  app.add_option("NAME", wish.names, "Recipes.")->required();
  app.add_option("--recipes", wish.recipes, "The folder with the recipes.")->required();
  app.add_option("--packs", wish.packs, "The pack store.")->required();
  app.add_option("--arch", wish.options.source.arch, "Debian's name of an architecture.");
  app.add_option("--suite", wish.options.source.suite, "Debian suite.");
  app.add_option("--mirror", wish.options.source.mirror, "Debian mirror; the host's without this.");
  app.add_option("--keyring", wish.options.source.keyring, "Keys that the mirror's index may be signed with.");
  app.add_option("--emulator", wish.options.emulator, "A static qemu for the canary of another architecture.");
  app.add_flag("--check-valid-until", wish.options.source.check_valid_until, "Refuse an index that is too old.");
  app.add_flag("--upgrade", wish.options.upgrade, "The newest version, whatever is locked.");
  app.add_option("--image", wish.options.image, "Make them from this container image: registry.example/name:tag.");
  app.add_flag("--system", wish.system, "Use the host's own programs.");
  app.add_flag("--collect-garbage", wish.garbage, "Then remove what no pack uses.");
  CLI11_PARSE(app, argc, argv);
  if (wish.system) wish.options.from = PackOptions::From::system;
  if (!wish.options.image.empty()) wish.options.from = PackOptions::From::image;
  wish.packs = std::filesystem::absolute(wish.packs);
  wish.options.containment = probe_containment();
  for (const std::string& name : wish.names) {
    const auto made = make(wish, name);
    if (made) continue;
    fmt::print(stderr, "pack_tool: {}\n", made.error().describe());
    return 1;
  }
  return 0;
}

}  // namespace hearth::engines

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return hearth::engines::make_packs(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "pack_tool: a fault of ours: {}\n", e.what());
    return 1;
  }
}
