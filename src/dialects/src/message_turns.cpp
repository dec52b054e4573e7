#include "src/message_turns.h"

#include "src/json_writer.h"

#include <hearth/dialects/data_url.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxParts = 100'000;  // the body's size is the real bound

std::string json_string(std::string_view text) {
  json::Writer w;
  w.string(text);
  return w.take();
}

// {"type":TYPE,…} with what `fields` holds (`,"key":value` each) and where the prompt may be cached up to.
std::string block(std::string_view type, std::string_view fields, std::string_view cache_control) {
  std::string out = fmt::format(R"({{"type":{}{})", json_string(type), fields);
  if (!cache_control.empty()) out += fmt::format(R"(,"cache_control":{})", cache_control);
  out += '}';
  return out;
}

std::unexpected<ApiError> no_place_for(const json::Path& path, std::string_view what) {
  const std::string where = path.text();
  return reject(ApiCode::unsupported_value, fmt::format("`{}` is {}, which this model does not take.", where, what),
                where);
}

// A call's id must be of letters, digits, - and _ there; one that is not is changed the same way wherever it stands.
std::string call_id(std::string_view id) {
  std::string out(id);
  std::ranges::replace_if(
      out,
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
      },
      '_');
  return json_string(out);
}

// A part of a message's content: JSON as it stands in the request, but for texts that are looked at.
struct Part {
  std::string_view type;
  std::string_view text;  // a JSON string; also a refusal's
  std::optional<std::string_view> url;
  std::string_view file_data;
  std::string_view file_name;
  std::string_view cache_control;
  std::string others;  // `,"key":value` each
};

struct ReadPart {
  Part& part;
  Decoded<void> operator()(std::string_view name, json::Value field) const;
  Decoded<void> other(std::string_view name, json::Value field) const {
    HEARTH_TRY_ASSIGN(const std::string_view json, field.raw());
    part.others += fmt::format(",{}:{}", json_string(name), json);
    return {};
  }
};

// A file as a data URL, or an image as any URL.
Decoded<void> read_url(json::Value& value, Part& part) {
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(part.url, value.text());
    return {};
  }
  static constexpr std::array<std::string_view, 1> kNames{"url"};
  HEARTH_TRY(value.each_field(kNames, [&part](std::string_view, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(part.url, field.text());
    return {};
  }));
  return {};
}

Decoded<void> read_file(json::Value& value, Part& part) {
  static constexpr std::array<std::string_view, 2> kNames{"file_data", "filename"};
  HEARTH_TRY(value.each_field(kNames, [&part](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "file_data") {
      HEARTH_TRY_ASSIGN(part.file_data, field.text());
      return {};
    }
    HEARTH_TRY_ASSIGN(part.file_name, field.raw());
    return {};
  }));
  return {};
}

Decoded<std::string_view> raw_string(json::Value& value) {
  if (value.kind() != json::Kind::string) return std::unexpected(value.wrong_type("a string"));
  return value.raw();
}

Decoded<void> ReadPart::operator()(std::string_view name, json::Value field) const {
  if (name == "type") {
    HEARTH_TRY_ASSIGN(part.type, field.text());
  } else if (name == "image_url") {
    return read_url(field, part);
  } else if (name == "file") {
    return read_file(field, part);
  } else if (name == "cache_control") {
    HEARTH_TRY_ASSIGN(part.cache_control, field.raw());
  } else {
    HEARTH_TRY_ASSIGN(part.text, raw_string(field));
  }
  return {};
}

Decoded<Part> read_part(json::Value& value) {
  static constexpr std::array<std::string_view, 6> kNames{"type",      "text", "refusal",
                                                          "image_url", "file", "cache_control"};
  Part part;
  const auto fields = value.each_field(kNames, ReadPart{part});
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("type"));
  if (part.type == "text" || part.type == "refusal" || part.type == "image_url" || part.type == "file") {
    HEARTH_TRY(fields->require(part.type));
  }
  return part;
}

Decoded<std::string> source_of(std::string_view url, const json::Path& path) {
  if (!url.starts_with("data:")) return fmt::format(R"(,"source":{{"type":"url","url":{}}})", json_string(url));
  HEARTH_TRY_ASSIGN(const DataUrl data, parse_data_url(url, path.text()));
  return fmt::format(R"(,"source":{{"type":"base64","media_type":{},"data":{}}})", json_string(data.media_type),
                     json_string(data.payload));
}

// The part as a block; nothing for a text that is empty, which Anthropic refuses.
Decoded<std::string> block_of(const Part& part, const json::Path& path) {
  if (part.type == "text" || part.type == "refusal") {
    if (part.text == R"("")") return std::string();
    return block("text", fmt::format(R"(,"text":{})", part.text), part.cache_control);
  }
  if (part.type == "image_url") {
    if (!part.url) return reject(ApiCode::missing_required_parameter, "An `image_url` needs a `url`.", path.text());
    HEARTH_TRY_ASSIGN(const std::string source, source_of(*part.url, path));
    return block("image", source, part.cache_control);
  }
  if (part.type == "file") {
    if (part.file_data.empty()) return no_place_for(path, "a file that is not in the request (`file_data`)");
    HEARTH_TRY_ASSIGN(std::string fields, source_of(part.file_data, path));
    if (!part.file_name.empty()) fields += fmt::format(R"(,"title":{})", part.file_name);
    return block("document", fields, part.cache_control);
  }
  if (part.type == "input_audio") return no_place_for(path, "audio");
  return block(part.type, part.others, part.cache_control);  // one of Anthropic's own
}

// Content as blocks, or as the one text it is.
struct Content {
  std::string blocks;
  std::string_view text;  // a JSON string; empty: see blocks

  [[nodiscard]] bool empty() const { return blocks.empty() && (text.empty() || text == R"("")"); }
  // `cache_control`: of a message whose content has no parts that could say it.
  [[nodiscard]] std::string as_blocks(std::string_view cache_control) const {
    if (text.empty()) return blocks;
    if (text == R"("")") return {};
    return block("text", fmt::format(R"(,"text":{})", text), cache_control);
  }
};

Decoded<Content> read_content(json::Value& value) {
  Content content;
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(content.text, value.raw());
    return content;
  }
  HEARTH_TRY(value.each_item(kMaxParts, [&content](std::size_t, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const Part part, read_part(item));
    HEARTH_TRY_ASSIGN(const std::string one, block_of(part, item.path()));
    append_item(content.blocks, one);
    return {};
  }));
  return content;
}

Decoded<std::string> input_of(std::string_view arguments, const json::Path& path) {
  if (arguments.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::string("{}");
  const JsonBody body = JsonBody::copy_of(arguments);
  json::Document document(body);
  if (!document.each_field({}, [](std::string_view, json::Value field) -> Decoded<void> { return field.check(); })) {
    const std::string where = path.text();
    return reject(ApiCode::invalid_value,
                  fmt::format("`{}` must be a JSON object, written as a text, for this model.", where), where);
  }
  return std::string(arguments);
}

Decoded<std::string> read_call(json::Value& value) {
  static constexpr std::array<std::string_view, 3> kNames{"id", "type", "function"};
  static constexpr std::array<std::string_view, 2> kFunction{"name", "arguments"};
  std::string id;
  std::string_view type = "function";
  std::string_view name;
  std::string input = "{}";
  const auto fields = value.each_field(kNames, [&](std::string_view key, json::Value field) -> Decoded<void> {
    if (key == "function") {
      const auto inner = field.each_field(kFunction, [&](std::string_view what, json::Value text) -> Decoded<void> {
        if (what == "name") {
          HEARTH_TRY_ASSIGN(name, raw_string(text));
          return {};
        }
        HEARTH_TRY_ASSIGN(const std::string_view arguments, text.text());
        HEARTH_TRY_ASSIGN(input, input_of(arguments, text.path()));
        return {};
      });
      HEARTH_TRY(inner);
      return inner->require("name");
    }
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    if (key == "type") {
      type = text;
    } else {
      id = call_id(text);
    }
    return {};
  });
  HEARTH_TRY(fields);
  if (type != "function") return no_place_for(value.path(), fmt::format("a call of type '{}'", type.substr(0, 40)));
  HEARTH_TRY(fields->require("id"));
  HEARTH_TRY(fields->require("function"));
  return fmt::format(R"({{"type":"tool_use","id":{},"name":{},"input":{}}})", id, name, input);
}

// What a message's fields say, in whatever order they came.
struct Message {
  std::string_view role;
  Content content;
  std::string thinking;  // blocks
  std::string calls;     // blocks
  std::string call_id;
  std::string_view cache_control;
};

Decoded<void> read_field(std::string_view name, json::Value& field, Message& message) {
  if (name == "role") {
    HEARTH_TRY_ASSIGN(message.role, field.text());
  } else if (name == "content") {
    HEARTH_TRY_ASSIGN(message.content, read_content(field));
  } else if (name == "cache_control") {
    HEARTH_TRY_ASSIGN(message.cache_control, field.raw());
  } else if (name == "tool_call_id") {
    HEARTH_TRY_ASSIGN(const std::string_view id, field.text());
    message.call_id = call_id(id);
  } else if (name == "tool_calls") {
    return field.each_item(kMaxParts, [&message](std::size_t, json::Value item) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(const std::string call, read_call(item));
      append_item(message.calls, call);
      return {};
    });
  } else {
    return field.each_item(kMaxParts, [&message](std::size_t, json::Value item) -> Decoded<void> {
      if (item.kind() != json::Kind::object) return std::unexpected(item.wrong_type("an object"));
      HEARTH_TRY_ASSIGN(const std::string_view one, item.raw());
      append_item(message.thinking, one);
      return {};
    });
  }
  return {};
}

}  // namespace

void append_item(std::string& list, std::string_view item) {
  if (item.empty()) return;
  if (!list.empty()) list += ',';
  list += item;
}

void MessageTurns::add_turn(std::string_view role, std::string_view content) {
  append_item(messages_, fmt::format(R"({{"role":"{}","content":{}}})", role, content));
}

void MessageTurns::end_results() {
  if (!results_.empty()) add_turn("user", '[' + results_ + ']');
  results_.clear();
}

Decoded<void> MessageTurns::add(json::Value& value) {
  static constexpr std::array<std::string_view, 6> kNames{"role",         "content",       "tool_calls",
                                                          "tool_call_id", "cache_control", "thinking_blocks"};
  Message message;
  const auto fields = value.each_field(kNames, [&message](std::string_view name, json::Value field) -> Decoded<void> {
    return read_field(name, field, message);
  });
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("role"));
  const std::string_view role = message.role;
  const Content& content = message.content;
  if (role == "system" || role == "developer") {
    HEARTH_TRY(fields->require("content"));
    if (content.empty()) return {};
    const bool only_text = system_.empty() && !content.text.empty() && message.cache_control.empty();
    only_system_ = only_text ? std::string(content.text) : std::string();
    system_.push_back(content.as_blocks(message.cache_control));
    return {};
  }
  if (role == "tool") {
    HEARTH_TRY(fields->require("tool_call_id"));
    std::string said = fmt::format(R"(,"tool_use_id":{})", message.call_id);
    if (!content.empty()) {
      said += content.text.empty() ? fmt::format(R"(,"content":[{}])", content.blocks)
                                   : fmt::format(R"(,"content":{})", content.text);
    }
    append_item(results_, block("tool_result", said, message.cache_control));
    return {};
  }
  if (role != "user" && role != "assistant") {
    const std::string where = value.path().field("role").text();
    return reject(ApiCode::invalid_value,
                  fmt::format("`{}` must be 'system', 'developer', 'user', 'assistant' or 'tool'.", where), where);
  }
  end_results();
  if (role == "user") {
    HEARTH_TRY(fields->require("content"));
  }
  const bool plain =
      message.thinking.empty() && message.calls.empty() && message.cache_control.empty() && !content.text.empty();
  if (plain) {
    if (!content.empty()) add_turn(role, content.text);
    return {};
  }
  std::string blocks = std::move(message.thinking);
  append_item(blocks, content.as_blocks(message.cache_control));
  append_item(blocks, message.calls);
  if (!blocks.empty()) add_turn(role, '[' + blocks + ']');
  return {};
}

std::string MessageTurns::system() const {
  if (system_.size() == 1 && !only_system_.empty()) return only_system_;
  std::string blocks;
  for (const std::string& one : system_) append_item(blocks, one);
  return blocks.empty() ? blocks : '[' + blocks + ']';
}

std::string MessageTurns::take_messages() {
  end_results();
  return std::move(messages_);
}

}  // namespace hearth::dialects
