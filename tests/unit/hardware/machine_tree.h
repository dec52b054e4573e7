// A machine's kernel files as a folder: from a file of "path: content" (machines/NAME.yaml), or made by hand.
#pragma once

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace hearth::hardware {

class MachineTree {
 public:
  MachineTree() {
    std::string name = testing::TempDir() + "hearth_machine.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    root_ = name;
  }
  explicit MachineTree(const std::string& machine) : MachineTree() {
    const YAML::Node lines = YAML::LoadFile(std::string(MACHINES) + "/" + machine + ".yaml");
    for (const auto& line : lines) put_each(line.first.as<std::string>(), line.second.as<std::string>());
  }
  ~MachineTree() {
    std::error_code ec;
    std::filesystem::remove_all(root_, ec);
  }
  MachineTree(const MachineTree&) = delete;
  MachineTree& operator=(const MachineTree&) = delete;

  void put(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content << '\n';
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(root_ / path); }
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

 private:
  void put_each(const std::string& path, const std::string& content) const {
    const auto open = path.find('{');
    if (open == std::string::npos) return put(path, content);
    const auto dash = path.find('-', open);
    const auto close = path.find('}', open);
    const int first = std::stoi(path.substr(open + 1, dash - open - 1));
    const int last = std::stoi(path.substr(dash + 1, close - dash - 1));
    for (int i = first; i <= last; ++i) put(path.substr(0, open) + std::to_string(i) + path.substr(close + 1), content);
  }
  std::filesystem::path root_;
};

}  // namespace hearth::hardware
