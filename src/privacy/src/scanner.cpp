#include "src/scanner.h"

#include "src/characters.h"
#include "src/email.h"
#include "src/fold.h"
#include "src/numbers.h"
#include "src/secret_name.h"
#include "src/secrets.h"
#include "src/wake.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hearth::privacy {

namespace {

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view key) : source_(text, key), text_(text) {}

  void run() {
    if (take(match_secret_field(source_))) return;
    for (std::size_t i = next_wake(text_, 0); i < text_.size();)
      i = next_wake(text_, std::max(wake_up(wake_of(text_[i]), i), source_.taken));
  }

  [[nodiscard]] std::vector<Hit>& hits() { return hits_; }
  [[nodiscard]] const std::array<bool, kDataClasses.size()>& classes() const { return classes_; }
  [[nodiscard]] const std::bitset<kKinds>& kinds() const { return kinds_; }
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::size_t work() const { return source_.work + source_.context.work(); }

 private:
  bool take(const std::optional<Hit>& hit) {
    if (!hit) return false;
    kinds_.set(static_cast<std::size_t>(hit->kind));
    classes_[static_cast<std::size_t>(class_of(hit->kind))] = true;
    source_.taken = hit->end;
    if (hits_.size() < kMaxFindings) {
      hits_.push_back(*hit);
    } else {
      complete_ = false;
    }
    return true;
  }

  // What `wake` at `i` begins or is part of; returns where to go on.
  std::size_t wake_up(Wake wake, std::size_t i) {
    switch (wake) {
      case Wake::digit:
        return digits(i);
      case Wake::at:
        if (!take(match_url_credentials(source_, i))) take(match_email(source_, i, 1));
        return i + 1;
      case Wake::percent:
        if (text_.substr(i + 1).starts_with("40")) take(match_email(source_, i, 3));
        return i + 1;
      case Wake::dash:
        if (at(text_, i + 1) == '-' && before(text_, i) != '-' && take(match_pem(source_, i, next_pem_end_))) return i;
        if (is_alnum(before(text_, i))) take(match_api_key(source_, i));
        return i + 1;
      case Wake::underscore:
        if (is_alnum(before(text_, i))) take(match_api_key(source_, i));
        return i + 1;
      case Wake::sign:
        take(match_assignment(source_, i, i + 1));
        return i + 1;
      case Wake::point:
        if (is_alnum(before(text_, i)) && is_alnum(at(text_, i + 1)) && !take(match_jwt(source_, i)))
          take(match_api_key(source_, i));
        return i + 1;
      case Wake::letter:
        if (is_alnum(at(text_, i + 1)) && is_upper(before(text_, i))) take(match_api_key(source_, i));
        return i + 1;
      case Wake::wide:
        if (text_.substr(i).starts_with("：")) take(match_assignment(source_, i, i + std::string_view("：").size()));
        return i + 1;
      case Wake::nothing:
        break;
    }
    return i + 1;
  }

  // A run of digits that begins at `i`.
  std::size_t digits(std::size_t i) {
    if (take(match_iban(source_, i)) || take(match_it_tax_code(source_, i)) || take(match_spoken_password(source_, i)))
      return i + 1;
    const NumberRun run = read_run(text_, i);
    source_.work += run.end() - i;
    const std::size_t stop = run.cut ? run.count - NumberRun::kOverlap : run.count;
    for (std::size_t first = 0; first < stop;) {
      const bool found = number(run, first);
      ++first;
      while (found && first < run.count && run.groups[first].begin < source_.taken) ++first;
    }
    return run.cut ? std::max(run.groups[stop].begin, i + 1) : run.end();
  }

  bool number(const NumberRun& run, std::size_t first) {
    const std::size_t begin = run.groups[first].begin;
    if (first > 0 && (take(match_iban(source_, begin)) || take(match_it_tax_code(source_, begin)))) return true;
    if (take(match_international_phone(source_, run, first))) return true;
    PieceReader reader(text_, run, first);
    while (reader.grow()) {
      const Piece& piece = reader.piece();
      if (piece.digit_count < 7) continue;
      if (take(match_es_id(source_, piece))) return true;
      if (piece.digit_count < 9) continue;
      source_.work += piece.digit_count;
      if (take(match_national_id(source_, piece)) || take(match_card(source_, piece)) ||
          take(match_local_phone(source_, run, first, piece)))
        return true;
    }
    return take(match_spoken_phone(source_, run, first));
  }

  Source source_;
  std::string_view text_;
  std::vector<Hit> hits_;
  std::bitset<kKinds> kinds_;
  std::array<bool, kDataClasses.size()> classes_{};
  bool complete_ = true;
  std::size_t next_pem_end_ = 0;
};

// Nothing in it can wake a detector, nor does its name say that all of it is secret: so are most strings of a request,
// names of fields and short words.
bool is_still(std::string_view text, std::string_view key) {
  if (next_wake(text, 0) < text.size() || std::ranges::any_of(text, [](char c) { return byte(c) >= 0x80; }))
    return false;
  return key.empty() || secret_name(key) == SecretName::none;
}

// In order, and of those that overlap one that covers both.
void merge(std::vector<Finding>& findings) {
  std::ranges::sort(findings, {}, &Finding::offset);
  std::size_t kept = 0;
  for (const Finding& next : findings) {
    if (kept > 0) {
      Finding& last = findings[kept - 1];
      const std::size_t end = last.offset + last.length;
      if (next.offset < end) {
        last.length = std::max(end, next.offset + next.length) - last.offset;
        last.data_class = join(last.data_class, next.data_class);
        continue;
      }
    }
    findings[kept++] = next;
  }
  findings.resize(kept);
}

}  // namespace

Scan scan_text(std::string_view text, std::string_view key, const CustomPatterns* custom) {
  Scan scan;
  if (custom == nullptr && is_still(text, key)) return scan;
  const FoldedText folded(text);
  Scanner scanner(folded.view(), key);
  scanner.run();

  scan.classes = scanner.classes();
  scan.found.kinds = scanner.kinds();
  scan.complete = scanner.complete();
  scan.work = scanner.work();
  const auto add = [&](std::size_t begin, std::size_t end, Finding finding) {
    finding.offset = folded.begin_in_text(begin);
    finding.length = folded.end_in_text(end) - finding.offset;
    scan.findings.push_back(finding);
  };
  scan.findings.reserve(scanner.hits().size());
  for (const Hit& hit : scanner.hits())
    add(hit.begin, hit.end, {0, 0, hit.kind, hit.evidence, class_of(hit.kind), hit.what});
  if (custom != nullptr) {
    custom->each_match(folded.view(),
                       [&](std::size_t begin, std::size_t end, std::size_t place, const Pattern& pattern) {
                         scan.found.patterns.set(place);
                         scan.classes[static_cast<std::size_t>(pattern.data_class)] = true;
                         if (scan.findings.size() >= kMaxFindings) {
                           scan.complete = false;
                           return;
                         }
                         add(begin, end, {0, 0, Kind::custom, Evidence::shape, pattern.data_class, pattern.name});
                       });
    merge(scan.findings);
  }
  for (std::size_t i = 0; i < scan.classes.size(); ++i)
    if (scan.classes[i]) scan.highest = static_cast<DataClass>(i);
  return scan;
}

}  // namespace hearth::privacy
