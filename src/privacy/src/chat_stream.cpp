#include "src/json_walk.h"

#include <hearth/core/log.h>
#include <hearth/privacy/redaction.h>

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>

namespace hearth::privacy {

namespace {

namespace od = simdjson::ondemand;

// A string of the event whose text belongs to a channel.
struct Fragment {
  std::string_view token;  // with its quotes, in the event
  std::int64_t choice = 0;
  std::int64_t tool = -1;
  std::string_view field;
};

struct Event {
  std::vector<Fragment> fragments;
  std::set<std::int64_t> ended;  // choices
  std::string head;              // raw fields that all events of a stream share, with a comma behind each
};

constexpr std::array<std::string_view, 4> kDeltaTexts{"content", "refusal", "reasoning_content", "reasoning"};

// The token as it stands, without the blanks that simdjson counts to it.
std::string_view trimmed(std::string_view token) {
  while (!token.empty() && std::string_view(" \t\r\n").contains(token.back())) token.remove_suffix(1);
  return token;
}

bool is_string(od::value& value) {
  od::json_type type{};
  return value.type().get(type) == simdjson::SUCCESS && type == od::json_type::string;
}

// The functions below are for well-formed events; what is not ends them with a simdjson_error, which read() catches.

void read_function(od::object function, std::int64_t tool, std::vector<Fragment>& fragments) {
  for (auto field : function) {
    const std::string_view name = field.unescaped_key();
    od::value value = field.value();
    if (name == "arguments" && is_string(value))
      fragments.push_back({trimmed(value.raw_json_token()), 0, tool, "arguments"});
  }
}

void read_tool_call(od::object call, std::int64_t place, std::vector<Fragment>& fragments) {
  std::int64_t tool = place;
  std::vector<Fragment> found;
  for (auto field : call) {
    const std::string_view name = field.unescaped_key();
    od::value value = field.value();
    if (name == "index") {
      tool = value.get_int64();
    } else if (name == "function") {
      read_function(value.get_object(), 0, found);
    }
  }
  for (Fragment& fragment : found) {
    fragment.tool = tool;
    fragments.push_back(fragment);
  }
}

void read_delta(od::object delta, std::vector<Fragment>& fragments) {
  for (auto field : delta) {
    const std::string_view name = field.unescaped_key();
    od::value value = field.value();
    const auto* text = std::ranges::find(kDeltaTexts, name);
    if (text != kDeltaTexts.end()) {
      if (is_string(value)) fragments.push_back({trimmed(value.raw_json_token()), 0, -1, *text});
    } else if (name == "tool_calls") {
      od::json_type type = value.type();
      if (type != od::json_type::array) continue;
      std::int64_t place = 0;
      for (auto call : value.get_array()) read_tool_call(call.get_object(), place++, fragments);
    } else if (name == "function_call") {
      od::json_type type = value.type();
      if (type == od::json_type::object) read_function(value.get_object(), -1, fragments);
    }
  }
}

void read_choice(od::object choice, Event& event) {
  std::int64_t index = 0;
  bool ended = false;
  std::vector<Fragment> found;
  for (auto field : choice) {
    const std::string_view name = field.unescaped_key();
    od::value value = field.value();
    if (name == "index") {
      index = value.get_int64();
    } else if (name == "delta") {
      read_delta(value.get_object(), found);
    } else if (name == "text" && is_string(value)) {
      found.push_back({trimmed(value.raw_json_token()), 0, -1, "text"});
    } else if (name == "finish_reason") {
      ended = is_string(value);
    }
  }
  for (Fragment& fragment : found) {
    fragment.choice = index;
    event.fragments.push_back(fragment);
  }
  if (ended) event.ended.insert(index);
}

// False: it is no event of a chat completion. `padded` outlives the event.
bool read(const simdjson::padded_string& padded, Event& event) {
  try {
    od::parser parser;
    od::document document = parser.iterate(padded);
    od::object root = document.get_object();
    bool choices = false;
    for (auto field : root) {
      const std::string_view name = field.unescaped_key();
      od::value value = field.value();
      if (name == "choices") {
        choices = true;
        for (auto choice : value.get_array()) read_choice(choice.get_object(), event);
      } else if (name == "id" || name == "object" || name == "created" || name == "model") {
        event.head += fmt::format("\"{}\":{},", name, trimmed(value.raw_json_token()));
      }
    }
    return choices;
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
}

}  // namespace

void ChatStreamRestorer::event(std::string_view data, std::vector<std::string>& out) {
  const simdjson::padded_string padded(data);
  Event event;
  if (placeholders_->empty() || !read(padded, event)) {
    out.emplace_back(data);
    return;
  }
  if (head_.empty()) head_ = std::move(event.head);
  std::string written;
  std::size_t done = 0;
  for (const Fragment& fragment : event.fragments) {
    const Restored as = fragment.field == "arguments" ? Restored::json_text : Restored::text;
    TextRestorer& restorer =
        texts_.try_emplace({fragment.choice, fragment.tool, std::string(fragment.field)}, placeholders_, as)
            .first->second;
    std::string text = restorer.push(decode_json_string(fragment.token.substr(1, fragment.token.size() - 2)));
    if (event.ended.contains(fragment.choice)) text += restorer.finish();
    const auto offset = static_cast<std::size_t>(fragment.token.data() - padded.data());
    written.append(data.substr(done, offset - done));
    log::append_json_string(written, text);
    done = offset + fragment.token.size();
  }
  for (auto& [channel, restorer] : texts_)
    if (event.ended.contains(channel.choice)) flush(channel, restorer, out);
  out.push_back(written.append(data.substr(done)));
}

void ChatStreamRestorer::finish(std::vector<std::string>& out) {
  for (auto& [channel, restorer] : texts_) flush(channel, restorer, out);
}

void ChatStreamRestorer::flush(const Channel& channel, TextRestorer& restorer, std::vector<std::string>& out) const {
  if (!restorer.holds()) return;
  std::string text;
  log::append_json_string(text, restorer.finish());
  std::string content;
  if (channel.field == "text") {
    content = fmt::format(R"("text":{})", text);
  } else if (channel.tool >= 0) {
    content =
        fmt::format(R"("delta":{{"tool_calls":[{{"index":{},"function":{{"arguments":{}}}}}]}})", channel.tool, text);
  } else if (channel.field == "arguments") {
    content = fmt::format(R"("delta":{{"function_call":{{"arguments":{}}}}})", text);
  } else {
    content = fmt::format(R"("delta":{{"{}":{}}})", channel.field, text);
  }
  out.push_back(
      fmt::format(R"({{{}"choices":[{{"index":{},{},"finish_reason":null}}]}})", head_, channel.choice, content));
}

}  // namespace hearth::privacy
