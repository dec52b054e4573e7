#include "src/json_walk.h"

#include <hearth/core/log.h>
#include <hearth/privacy/redaction.h>

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace hearth::privacy {

namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view kDelta = ".delta";
constexpr std::string_view kDone = ".done";
constexpr std::string_view kItemDone = "response.output_item.done";
constexpr std::array<std::string_view, 4> kLast{"response.completed", "response.incomplete", "response.failed",
                                                "error"};
constexpr std::array<std::string_view, 4> kPlace{"item_id", "output_index", "content_index", "summary_index"};

// The token as it stands, without the blanks that simdjson counts to it.
std::string_view trimmed(std::string_view token) {
  while (!token.empty() && std::string_view(" \t\r\n").contains(token.back())) token.remove_suffix(1);
  return token;
}

}  // namespace

// What is looked at of an event. Views lie in it.
struct ResponseStreamRestorer::Seen {
  std::string type;
  std::string_view delta;  // with its quotes; empty: it has none that is a text
  std::string place;
  std::string output;
  std::string_view number;  // its sequence_number; empty: it has none
  [[nodiscard]] bool is_delta() const { return type.ends_with(kDelta) && !delta.empty(); }
};

// False: it is no event of a response. simdjson reads a little past the end.
bool ResponseStreamRestorer::read(std::string_view padded, Seen& seen) {
  try {
    od::parser parser;
    od::document document = parser.iterate(padded, padded.size() + simdjson::SIMDJSON_PADDING);
    od::object root = document.get_object();
    for (auto field : root) {
      const std::string_view name = field.unescaped_key();
      od::value value = field.value();
      const od::json_type kind = value.type();
      if (kind == od::json_type::object || kind == od::json_type::array) continue;
      const std::string_view token = trimmed(value.raw_json_token());
      if (name == "type" && kind == od::json_type::string)
        seen.type = decode_json_string(token.substr(1, token.size() - 2));
      if (name == "delta" && kind == od::json_type::string) seen.delta = token;
      if (name == "sequence_number" && kind == od::json_type::number) seen.number = token;
      if (name == "output_index") seen.output = token;
      if (std::ranges::find(kPlace, name) != kPlace.end()) seen.place += fmt::format("\"{}\":{},", name, token);
    }
    return !seen.type.empty();
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
}

// Nothing more of the text comes after this event.
bool ResponseStreamRestorer::ends(const Seen& seen, const Channel& channel) {
  if (std::ranges::find(kLast, seen.type) != kLast.end()) return true;
  if (seen.type == kItemDone) return seen.output == channel.output;
  if (!seen.type.ends_with(kDone) || seen.place != channel.place) return false;
  return seen.type.substr(0, seen.type.size() - kDone.size()) ==
         channel.type.substr(0, channel.type.size() - kDelta.size());
}

std::string ResponseStreamRestorer::number_of(const Seen& seen) const {
  std::int64_t number = 0;
  std::from_chars(seen.number.data(), seen.number.data() + seen.number.size(), number);
  return fmt::format("{}", number + added_);
}

void ResponseStreamRestorer::flush(bool named, const Seen& seen, std::vector<StreamEvent>& out) {
  for (auto next = texts_.begin(); next != texts_.end();) {
    const auto here = next++;
    const Channel& channel = here->first;
    if (!ends(seen, channel)) continue;
    std::string type;
    log::append_json_string(type, channel.type);
    std::string text;
    log::append_json_string(text, here->second.finish());
    const std::string_view more = channel.type == "response.output_text.delta" ? R"(,"logprobs":[])" : "";
    const std::string number = seen.number.empty() ? "" : R"(,"sequence_number":)" + number_of(seen);
    out.push_back({named ? channel.type : std::string(),
                   fmt::format(R"({{"type":{},{}"delta":{}{}{}}})", type, channel.place, text, more, number)});
    ++added_;
    texts_.erase(here);
  }
}

void ResponseStreamRestorer::event(std::string_view type, std::string_view data, std::vector<StreamEvent>& out) {
  std::string padded;
  padded.reserve(data.size() + simdjson::SIMDJSON_PADDING);
  padded = data;
  Seen seen;
  if (placeholders_->empty() || !read(padded, seen)) {
    out.push_back({std::string(type), std::string(data)});
    return;
  }
  std::string text;
  if (seen.is_delta()) {
    const Restored as = seen.type.contains("arguments") ? Restored::json_text : Restored::text;
    const auto entry = texts_.try_emplace({seen.type, seen.place, seen.output}, placeholders_, as).first;
    log::append_json_string(text, entry->second.push(decode_json_string(seen.delta.substr(1, seen.delta.size() - 2))));
    if (!entry->second.holds()) texts_.erase(entry);
  } else {
    flush(!type.empty(), seen, out);
  }
  // What stands later in the event is replaced first, so that what stands before stays where it is.
  struct Edit {
    std::string_view token;
    std::string text;
  };
  std::vector<Edit> edits;
  if (seen.is_delta()) edits.push_back({seen.delta, text});
  if (added_ > 0 && !seen.number.empty()) edits.push_back({seen.number, number_of(seen)});
  std::ranges::sort(edits, std::greater(), [](const Edit& edit) { return edit.token.data(); });
  std::string written = padded;
  for (const Edit& edit : edits) {
    const auto offset = static_cast<std::size_t>(edit.token.data() - padded.data());
    written.replace(offset, edit.token.size(), edit.text);
  }
  if (!seen.is_delta()) written = restore_body(*placeholders_, written);
  out.push_back({std::string(type), std::move(written)});
}

}  // namespace hearth::privacy
