// The texts that are made from the table of keys and committed: docs/configuration.md and packaging/hearth.yaml.
#pragma once

#include <string>

namespace hearth::config {

std::string reference_markdown();
std::string sample_yaml();

}  // namespace hearth::config
