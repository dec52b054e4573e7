#include "src/characters.h"
#include "src/custom_patterns.h"
#include "src/json_walk.h"
#include "src/scanner.h"

#include <hearth/privacy/detectors.h>

#include <algorithm>

namespace hearth::privacy {

namespace {

// Of anything that is found: an address; where a name says so, a password.
constexpr std::size_t kShortest = 6;
constexpr std::size_t kShortestNamed = 4;

class BodyScanner : public TextVisitor {
 public:
  explicit BodyScanner(const Detectors& detectors) : detectors_(detectors) {}

  std::optional<std::string> text(std::string_view text, const Place& place) override {
    if (text.size() < (place.key.empty() ? kShortest : kShortestNamed)) return std::nullopt;
    const Scan found = detectors_.scan(text, place.key);
    scan.highest = join(scan.highest, found.highest);
    for (std::size_t i = 0; i < found.classes.size(); ++i) scan.classes[i] = scan.classes[i] || found.classes[i];
    scan.found |= found.found;
    scan.complete = scan.complete && found.complete;
    scan.work += found.work;
    for (const Finding& finding : found.findings) {
      ++scan.counts[static_cast<std::size_t>(finding.kind)];
      if (scan.findings.size() < kMaxFindings) {
        scan.findings.push_back({place.token, finding, place.nested, place.data_url});
      } else {
        scan.complete = false;
      }
    }
    return std::nullopt;
  }
  void file() override { ++scan.files; }

  BodyScan scan;

 private:
  const Detectors& detectors_;
};

}  // namespace

Detectors::Detectors() = default;

Result<Detectors> Detectors::create(std::span<const Pattern> patterns) {
  if (patterns.empty()) return Detectors();
  HEARTH_TRY_ASSIGN(auto custom, CustomPatterns::create(patterns));
  return Detectors(std::move(custom));
}

Scan Detectors::scan(std::string_view text, std::string_view key) const {
  return scan_text(text, key, custom_.get());
}

std::optional<std::size_t> Detectors::place_of(std::string_view pattern) const {
  return custom_ == nullptr ? std::nullopt : custom_->place_of(pattern);
}

BodyScan Detectors::scan_body(std::string_view json) const {
  BodyScanner scanner(*this);
  walk_json(json, scanner);
  return std::move(scanner.scan);
}

}  // namespace hearth::privacy
