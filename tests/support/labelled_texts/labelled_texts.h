// Texts of which it is known where personal data and secrets stand in them, to measure detectors with. Made from
// templates in several languages and numbers with right check digits, by code of its own: nothing is shared with the
// detectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hearth::labelled {

struct Label {
  std::size_t begin = 0;  // in bytes
  std::size_t end = 0;
  std::string kind;  // "email", "phone", "card", "iban", "national_id", "private_key", "api_key", "password"
};

struct LabelledText {
  std::string text;
  std::vector<Label> labels;
};

// Deterministic by seed.
std::vector<LabelledText> texts_with_data(std::uint64_t seed, std::size_t count);
// Texts that have nothing of the kind, but much that looks like it: hashes, orders, versions, code, coordinates,
// tables.
std::vector<std::string> texts_without(std::uint64_t seed, std::size_t count);

}  // namespace hearth::labelled
