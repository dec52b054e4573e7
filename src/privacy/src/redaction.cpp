#include "src/characters.h"
#include "src/json_walk.h"

#include <hearth/privacy/redaction.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::privacy {

namespace {

std::string_view label_of(const Finding& finding) {
  switch (finding.kind) {
    case Kind::email:
      return "EMAIL";
    case Kind::phone:
      return "PHONE";
    case Kind::card:
      return "CARD";
    case Kind::iban:
      return "IBAN";
    case Kind::national_id:
      return "ID";
    case Kind::private_key:
      return "PRIVATE_KEY";
    case Kind::api_key:
      return "KEY";
    case Kind::password:
      return "PASSWORD";
    case Kind::custom:
      return "DATA";
  }
  return "DATA";
}
constexpr std::array<std::string_view, 9> kLabels{"EMAIL",       "PHONE", "CARD",     "IBAN", "ID",
                                                  "PRIVATE_KEY", "KEY",   "PASSWORD", "DATA"};

// The series letters of placeholders that a text is already full of: "[EMAIL_7]" is of the series without letters.
class SeriesInUse : public TextVisitor {
 public:
  std::optional<std::string> text(std::string_view text, const Place&) override {
    for (std::size_t open = text.find('['); open != std::string_view::npos; open = text.find('[', open + 1)) {
      for (const std::string_view label : kLabels) {
        if (!begins_with_upper(text.substr(open + 1), label)) continue;
        note(text.substr(open + 1 + label.size() + 1));
      }
    }
    return std::nullopt;
  }
  // The first series that nothing in the text could be taken for.
  [[nodiscard]] std::string free() const {
    if (!used_[0]) return {};
    for (std::size_t i = 1; i < used_.size(); ++i)
      if (!used_[i]) return std::string(1, static_cast<char>('A' + i - 1));
    return "ZZ";
  }

 private:
  // In any case of letters, and also where a placeholder's end would only follow: what follows may be ours.
  static bool begins_with_upper(std::string_view text, std::string_view label) {
    if (text.size() < label.size() + 1 || text[label.size()] != '_') return false;
    return std::ranges::equal(text.substr(0, label.size()), label, {}, to_upper);
  }
  void note(std::string_view rest) {
    const char c = to_upper(at(rest, 0));
    if (is_upper(c)) {
      used_[static_cast<std::size_t>(c - 'A') + 1] = true;
    } else {
      used_[0] = true;
    }
  }
  std::array<bool, 27> used_{};
};

class Redactor : public TextVisitor {
 public:
  Redactor(const Detectors& detectors, DataClass highest, Placeholders& placeholders)
      : detectors_(detectors), highest_(highest), placeholders_(placeholders) {}

  std::optional<std::string> text(std::string_view text, const Place& place) override {
    const Scan scan = detectors_.scan(text, place.key);
    if (scan.highest <= highest_) return std::nullopt;
    if (!scan.complete || (count_ += scan.findings.size()) > kMaxFindings) {
      too_many = true;
      return std::nullopt;
    }
    if (place.data_url) {
      in_data_url = true;
      return std::nullopt;
    }
    std::string out;
    std::size_t done = 0;
    for (const Finding& finding : scan.findings) {
      if (finding.data_class <= highest_) continue;
      out.append(text.substr(done, finding.offset - done));
      out.append(placeholders_.of(label_of(finding), text.substr(finding.offset, finding.length)));
      done = finding.offset + finding.length;
    }
    out.append(text.substr(done));
    return out;
  }

  bool too_many = false;
  bool in_data_url = false;

 private:
  const Detectors& detectors_;
  DataClass highest_;
  Placeholders& placeholders_;
  std::size_t count_ = 0;
};

Result<void> judge(const Redactor& redactor) {
  if (redactor.too_many)
    return fail(
        Errc::too_large,
        fmt::format("the request holds more than {} pieces of confidential data; send it in parts", kMaxFindings));
  if (redactor.in_data_url)
    return fail(Errc::unsupported,
                "a file in the request holds confidential data, and files are not redacted; send its text without it");
  return {};
}

// What is left is looked at again: two parts that a finding kept apart may be something together.
Result<void> judge_rest(DataClass remaining, DataClass highest) {
  if (remaining <= highest) return {};
  return fail(Errc::unsupported, "confidential data in the request cannot be replaced without leaving more of it");
}

class Restorer : public TextVisitor {
 public:
  explicit Restorer(const Placeholders& placeholders) : placeholders_(placeholders) {}
  std::optional<std::string> text(std::string_view text, const Place& place) override {
    if (place.data_url || !text.contains('[')) return std::nullopt;
    std::string restored = restore_text(placeholders_, text);
    if (restored == text) return std::nullopt;
    return restored;
  }

 private:
  const Placeholders& placeholders_;
};

}  // namespace

Result<Redacted> redact_body(const Detectors& detectors, std::string_view json, DataClass highest) {
  SeriesInUse in_use;
  walk_json(json, in_use);
  Redacted redacted{{}, Placeholders(in_use.free())};
  Redactor redactor(detectors, highest, redacted.placeholders);
  auto body = walk_json(json, redactor);
  HEARTH_TRY(judge(redactor));
  redacted.body = body ? std::move(*body) : std::string(json);
  HEARTH_TRY(judge_rest(detectors.scan_body(redacted.body).highest, highest));
  return redacted;
}

Result<Redacted> redact_text(const Detectors& detectors, std::string_view text, DataClass highest) {
  SeriesInUse in_use;
  in_use.text(text, {});
  Redacted redacted{{}, Placeholders(in_use.free())};
  Redactor redactor(detectors, highest, redacted.placeholders);
  auto replaced = redactor.text(text, {});
  HEARTH_TRY(judge(redactor));
  redacted.body = replaced ? std::move(*replaced) : std::string(text);
  HEARTH_TRY(judge_rest(detectors.scan(redacted.body).highest, highest));
  return redacted;
}

std::string restore_body(const Placeholders& placeholders, std::string_view json) {
  if (placeholders.empty()) return std::string(json);
  Restorer restorer(placeholders);
  auto restored = walk_json(json, restorer);
  return restored ? std::move(*restored) : std::string(json);
}

}  // namespace hearth::privacy
