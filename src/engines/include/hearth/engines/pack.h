// Engine packs: root file systems that engines run in. docs/packs.md describes the store's layout.
//
// What a pack is made of and which version is in use, as plain data; any thread. The functions that read files block.
#pragma once

#include <hearth/core/error.h>
#include <hearth/engines/sandbox.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

// A recipe's name: lower-case letters, digits, '.', '-', '_'; begins with a letter or digit; not the name of one of the
// store's own folders. Pure.
bool is_pack_name(std::string_view name);

// What a pack is made of: one file NAME.yaml, shipped with the engines.
struct Recipe {
  std::string name;
  std::string title;
  std::vector<std::string> packages;      // Debian packages, by name
  std::vector<std::string> libraries_of;  // -dev packages: what they depend on and is no -dev package is wanted
  std::vector<std::string> elsewhere;     // where images have the canary's program, when not in its usual place
  // The pack is good when this holds in its sandbox: a program that ends well and prints `expect`, or, without a
  // program, that the libraries load whose file names begin so ("libwhisper.so").
  std::vector<std::string> canary_program;
  std::string canary_expect;
  std::vector<std::string> canary_libraries;
};
// invalid_argument names origin, line and key.
Result<Recipe> parse_recipe(std::string_view yaml, std::string_view origin);
// Reads DIR/NAME.yaml. not_found names the recipes there are.
Result<Recipe> load_recipe(const std::filesystem::path& dir, std::string_view name);
// Every recipe of `dir` that is good, by name. A missing `dir` is an empty one.
std::vector<Recipe> load_recipes(const std::filesystem::path& dir);

// One .deb of a pack, or one layer of an image.
struct PackFile {
  std::string package{};  // of an image: "layer-000", in order
  std::string version{};
  std::string arch{};
  std::uint64_t size = 0;  // bytes of the .deb
  std::string sha256{};    // hex
  std::string file{};      // its name in the store of .debs
  bool operator==(const PackFile&) const = default;
};
// Exactly what a version of a pack consists of.
struct PackLock {
  std::string name;
  std::string origin;  // "debian", "system", "oci"
  std::string suite;   // of an image: its name as it was asked for
  std::string arch;
  std::string image{};          // "sha256:…" of an image's manifest
  std::vector<PackFile> files;  // by package
  bool operator==(const PackLock&) const = default;
};
// A line each; what one writes the other reads. parse: corrupt, too_large. Pure.
std::string format_lock(const PackLock& lock);
Result<PackLock> parse_lock(std::string_view text);
// "llama.cpp-0123456789ab": the same for the same files, another for any other. Pure.
std::string pack_id(const PackLock& lock);

// The version of a pack that is in use: what <packs>/NAME/current leads to. not_found (no such pack: the message says
// how to get it), io_error.
Result<PackRoot> current_pack(const std::filesystem::path& packs, std::string_view name);
// The root of one version, whether it is in use or not: `version` is its folder in the store.
Result<PackRoot> open_pack(const std::filesystem::path& version);
// hearth-as-user, which changes the user inside packs: beside the engines. It need not be there.
std::filesystem::path as_user_program();
// A pack that stands for the programs this host has (`--from system`).
bool is_host(const PackRoot& root);

}  // namespace hearth::engines
