#include <hearth/core/log.h>
#include <hearth/privacy/redaction.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::privacy {

namespace {

// Written into a text that is JSON itself.
std::string escaped(std::string_view value) {
  std::string quoted;
  log::append_json_string(quoted, value);
  return quoted.substr(1, quoted.size() - 2);
}

void append(std::string& out, const std::string& original, Restored as) {
  out.append(as == Restored::text ? original : escaped(original));
}

}  // namespace

const std::string& Placeholders::of(std::string_view label, std::string_view value) {
  const std::string key = fmt::format("{}\n{}", label, value);
  if (const auto known = placeholders_.find(key); known != placeholders_.end()) return known->second;
  const std::size_t number = ++last_[std::string(label)];
  std::string placeholder = fmt::format("[{}_{}{}]", label, series_, number);
  originals_.emplace(placeholder, value);
  return placeholders_.emplace(key, std::move(placeholder)).first->second;
}

const std::string* Placeholders::original(std::string_view placeholder) const {
  const auto found = originals_.find(placeholder);
  return found == originals_.end() ? nullptr : &found->second;
}

bool Placeholders::may_begin(std::string_view text) const {
  const auto next = originals_.lower_bound(text);
  return next != originals_.end() && next->first.size() > text.size() && next->first.starts_with(text);
}

std::string TextRestorer::push(std::string_view piece) {
  held_.append(piece);
  std::string out;
  std::size_t i = 0;
  while (i < held_.size()) {
    const std::size_t open = std::min(held_.find('[', i), held_.size());
    out.append(held_, i, open - i);
    i = open;
    if (i == held_.size()) break;
    const std::string_view rest = std::string_view(held_).substr(i, Placeholders::kLongest);
    const std::size_t close = rest.find(']');
    const std::string* original =
        close == std::string_view::npos ? nullptr : placeholders_->original(rest.substr(0, close + 1));
    if (original != nullptr) {
      append(out, *original, as_);
      i += close + 1;
    } else if (i + rest.size() == held_.size() && placeholders_->may_begin(rest)) {
      break;
    } else {
      out.push_back('[');
      ++i;
    }
  }
  held_.erase(0, i);
  return out;
}

std::string TextRestorer::finish() {
  return std::exchange(held_, {});
}

std::string restore_text(const Placeholders& placeholders, std::string_view text, Restored as) {
  TextRestorer restorer(&placeholders, as);
  std::string out = restorer.push(text);
  return out += restorer.finish();
}

}  // namespace hearth::privacy
