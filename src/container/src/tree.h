// The folder that a layer is unpacked into, and what the layer has put there so far.
#pragma once

#include <hearth/container/paths.h>
#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <filesystem>
#include <set>
#include <string>

namespace hearth::container {

class Tree {
 public:
  explicit Tree(std::filesystem::path root) : root_(std::move(root)) {}

  // Each takes the entry's path as clean_path() gives it, not empty. What is in the way goes, but not a folder for a
  // folder. corrupt, io_error, resource_exhausted.
  Result<void> add_folder(const Components& path, unsigned mode);
  // Open for writing.
  Result<Fd> add_file(const Components& path, unsigned mode);
  Result<void> add_link(const Components& path, const std::string& target);
  // Another name of a file that is there.
  Result<void> add_name(const Components& path, const Components& target);
  // ".wh." names: what they take away goes. True: it was one.
  Result<bool> take_away(const Components& path);

 private:
  // The entry's place on the disk; its folder is there afterwards.
  Result<Components> place_of(const Components& path);
  Result<Components> resolved(const Components& path) const;
  Result<void> make_way(const std::string& place) const;
  Result<void> empty_folder(const std::string& folder) const;
  void note(const Components& place);
  [[nodiscard]] std::filesystem::path on_disk(const std::string& place) const { return root_ / place; }

  std::filesystem::path root_;
  std::set<std::string, std::less<>> written_;  // by this layer, with the folders above
};

}  // namespace hearth::container
