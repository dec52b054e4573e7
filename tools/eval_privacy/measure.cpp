#include "measure.h"

#include <algorithm>
#include <numeric>

namespace hearth::eval {

namespace {

// Of a label, as much as must be covered: a bracket or a sign at its edge is no loss.
constexpr std::size_t kSlack = 2;

struct Reach {
  std::size_t begin;
  std::size_t end;
};

std::size_t shared(Reach a, Reach b) {
  const std::size_t begin = std::max(a.begin, b.begin);
  const std::size_t end = std::min(a.end, b.end);
  return begin < end ? end - begin : 0;
}

}  // namespace

ByKind measure(const privacy::Detectors& detectors, const std::vector<labelled::LabelledText>& texts,
               const Missed& missed) {
  ByKind counts{};
  for (const labelled::LabelledText& text : texts) {
    const privacy::Scan scan = detectors.scan(text.text);
    for (const labelled::Label& label : text.labels) {
      std::size_t kind = 0;
      while (to_string(static_cast<privacy::Kind>(kind)) != label.kind) ++kind;
      ++counts[kind].labels;
      const bool found = std::ranges::any_of(scan.findings, [&](const privacy::Finding& finding) {
        return to_string(finding.kind) == label.kind &&
               shared({finding.offset, finding.offset + finding.length}, {label.begin, label.end}) + kSlack >=
                   label.end - label.begin;
      });
      if (found) {
        ++counts[kind].found;
      } else if (missed) {
        missed("missed", label.kind, std::string_view(text.text).substr(label.begin, label.end - label.begin),
               text.text);
      }
    }
    for (const privacy::Finding& finding : scan.findings) {
      Counts& count = counts[static_cast<std::size_t>(finding.kind)];
      ++count.findings;
      const bool right = std::ranges::any_of(text.labels, [&](const labelled::Label& label) {
        return label.kind == to_string(finding.kind) &&
               shared({finding.offset, finding.offset + finding.length}, {label.begin, label.end}) > 0;
      });
      if (right) {
        ++count.right;
      } else if (missed) {
        missed("invented", to_string(finding.kind), std::string_view(text.text).substr(finding.offset, finding.length),
               text.text);
      }
    }
  }
  return counts;
}

std::size_t FalseAlarms::all() const {
  return std::accumulate(findings.begin(), findings.end(), std::size_t{0});
}

void count_false_alarms(const privacy::Detectors& detectors, std::string_view text, FalseAlarms& alarms,
                        const Missed& missed) {
  alarms.bytes += text.size();
  const privacy::Scan scan = detectors.scan(text);
  for (const privacy::Finding& finding : scan.findings) {
    ++alarms.findings[static_cast<std::size_t>(finding.kind)];
    if (!missed) continue;
    const std::size_t from = finding.offset - std::min<std::size_t>(finding.offset, 60);
    missed("invented", to_string(finding.kind), text.substr(finding.offset, finding.length),
           text.substr(from, finding.length + 100));
  }
}

}  // namespace hearth::eval
