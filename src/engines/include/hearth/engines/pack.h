// Engine packs: root file systems that engines run in. docs/packs.md describes the store's layout.
#pragma once

#include <hearth/core/error.h>
#include <hearth/engines/sandbox.h>

#include <filesystem>
#include <string_view>

namespace hearth::engines {

// A recipe's name: lower-case letters, digits, '.', '-', '_'; begins with a letter or digit. Pure.
bool is_pack_name(std::string_view name);

// The version of a pack that is in use: what <packs>/NAME/current leads to. Reads a link and a folder. not_found (no
// such pack: the message says how to get it), io_error.
Result<PackRoot> current_pack(const std::filesystem::path& packs, std::string_view name);
// A pack that stands for the programs this host has (`--from system`).
bool is_host(const PackRoot& root);

}  // namespace hearth::engines
