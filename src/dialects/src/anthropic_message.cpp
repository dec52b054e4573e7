#include "src/anthropic_message.h"

#include "src/json_writer.h"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace hearth::dialects::anthropic {
namespace {

constexpr std::size_t kMaxBlocks = 100'000;  // the body's size is the real bound

// The pieces of a user's content, each a JSON object.
struct Parts {
  std::vector<std::string> json;
  std::string only_text;  // of the first, while there is no more than one text
  bool plain = true;

  void add_text(std::string_view text) {
    plain = json.empty();
    if (plain) only_text = text;
    json::Writer w;
    w.begin_object().key("type").plain_string("text").key("text").string(text).end_object();
    json.push_back(w.take());
  }
  void add_image(std::string_view url) {
    plain = false;
    json::Writer w;
    w.begin_object().key("type").plain_string("image_url");
    w.key("image_url").begin_object().key("url").string(url).end_object().end_object();
    json.push_back(w.take());
  }
  void write(json::Writer& w) const {
    if (plain) {
      w.string(only_text);
      return;
    }
    w.begin_array();
    for (const std::string& one : json) w.raw(one);
    w.end_array();
  }
};

struct Source {
  std::string_view type;
  std::string_view media_type;
  std::string_view data;
  std::string_view url;
};

// What a block says, in whatever order its fields came.
struct Block {
  std::string_view type;
  std::optional<std::string_view> text;
  std::string_view id;
  std::string_view name;
  std::string_view input;  // JSON
  std::string_view tool_use_id;
  std::string_view thinking;
  std::string_view signature;
  Source source;
  std::optional<Parts> content;  // of a tool's result
};

Decoded<Source> read_source(json::Value& value) {
  static constexpr std::array<std::string_view, 4> kNames{"type", "media_type", "data", "url"};
  Source source;
  HEARTH_TRY(value.each_field(kNames, [&source](std::string_view name, json::Value field) -> Decoded<void> {
    if (field.kind() != json::Kind::string) return field.check();
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    if (name == "type") source.type = text;
    if (name == "media_type") source.media_type = text;
    if (name == "data") source.data = text;
    if (name == "url") source.url = text;
    return {};
  }));
  return source;
}

Decoded<Parts> read_parts(json::Value& value);

Decoded<Block> read_block(json::Value& value) {
  static constexpr std::array<std::string_view, 10> kNames{"type",        "text",     "id",        "name",   "input",
                                                           "tool_use_id", "thinking", "signature", "source", "content"};
  Block block;
  const auto fields = value.each_field(kNames, [&block](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "input") {
      if (field.kind() != json::Kind::object) return std::unexpected(field.wrong_type("an object"));
      HEARTH_TRY_ASSIGN(block.input, field.raw());
      return {};
    }
    if (name == "source") {
      HEARTH_TRY_ASSIGN(block.source, read_source(field));
      return {};
    }
    if (name == "content") {
      HEARTH_TRY_ASSIGN(block.content, read_parts(field));
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    if (name == "type") block.type = text;
    if (name == "text") block.text = text;
    if (name == "id") block.id = text;
    if (name == "name") block.name = text;
    if (name == "tool_use_id") block.tool_use_id = text;
    if (name == "thinking") block.thinking = text;
    if (name == "signature") block.signature = text;
    return {};
  });
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("type"));
  if (block.type == "text") {
    HEARTH_TRY(fields->require("text"));
  }
  if (block.type == "tool_use") {
    for (const std::string_view name : {"id", "name", "input"}) {
      HEARTH_TRY(fields->require(name));
    }
  }
  if (block.type == "tool_result") {
    HEARTH_TRY(fields->require("tool_use_id"));
  }
  if (block.type == "image" || block.type == "document") {
    HEARTH_TRY(fields->require("source"));
  }
  return block;
}

std::unexpected<ApiError> no_place_for(const json::Path& path, std::string_view what) {
  const std::string where = path.text();
  return reject(ApiCode::unsupported_value, fmt::format("`{}` is {}, which no model here takes.", where, what), where);
}

std::unexpected<ApiError> no_place_for(const json::Path& path, const Block& block) {
  return no_place_for(path, fmt::format("a block of type '{}'", block.type.substr(0, 40)));
}

// Text, images and documents that are text.
Decoded<void> add_part(const json::Path& path, const Block& block, Parts& parts) {
  const Source& source = block.source;
  if (block.type == "text") {
    parts.add_text(*block.text);
  } else if (block.type == "image" && source.type == "base64") {
    parts.add_image(fmt::format("data:{};base64,{}", source.media_type, source.data));
  } else if (block.type == "image" && source.type == "url") {
    parts.add_image(source.url);
  } else if (block.type == "document" && source.type == "text") {
    parts.add_text(source.data);
  } else if (block.type == "image" || block.type == "document") {
    return no_place_for(path, fmt::format("a {} from a source of type '{}'", block.type, source.type.substr(0, 40)));
  } else {
    return no_place_for(path, block);
  }
  return {};
}

Decoded<Parts> read_parts(json::Value& value) {
  Parts parts;
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
    parts.add_text(text);
    return parts;
  }
  HEARTH_TRY(value.each_item(kMaxBlocks, [&parts](std::size_t, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const Block block, read_block(item));
    return add_part(item.path(), block, parts);
  }));
  return parts;
}

void write_user(const Parts& parts, std::vector<std::string>& messages) {
  if (parts.json.empty()) return;
  json::Writer w;
  w.begin_object().key("role").plain_string("user").key("content");
  parts.write(w);
  w.end_object();
  messages.push_back(w.take());
}

// Several results, and what the user says besides, are one message there and several here.
struct UserTurn {
  Parts parts;
  std::vector<std::string>* messages;

  Decoded<void> add(const json::Path& path, const Block& block) {
    if (block.type != "tool_result") return add_part(path, block, parts);
    write_user(parts, *messages);
    parts = {};
    json::Writer w;
    w.begin_object().key("role").plain_string("tool").key("tool_call_id").string(block.tool_use_id).key("content");
    block.content ? block.content->write(w) : static_cast<void>(w.string(""));
    w.end_object();
    messages->push_back(w.take());
    return {};
  }
  void write(std::vector<std::string>& to) const { write_user(parts, to); }
};

struct AssistantTurn {
  std::optional<std::string> text;
  std::string thinking;
  std::vector<std::string> calls;

  void add_text(std::string_view more) { text ? void(text->append(more)) : void(text.emplace(more)); }

  Decoded<void> add(const json::Path& path, const Block& block) {
    if (block.type == "text") {
      add_text(*block.text);
    } else if (block.type == "thinking") {
      if (block.signature.empty()) thinking += block.thinking;
    } else if (block.type == "tool_use") {
      json::Writer w;
      w.begin_object().key("id").string(block.id).key("type").plain_string("function");
      w.key("function").begin_object().key("name").string(block.name).key("arguments").string(block.input);
      w.end_object().end_object();
      calls.push_back(w.take());
    } else if (block.type != "redacted_thinking") {
      return no_place_for(path, block);
    }
    return {};
  }

  void write(std::vector<std::string>& messages) const {
    json::Writer w;
    w.begin_object().key("role").plain_string("assistant").key("content");
    text || calls.empty() ? w.string(text.value_or("")) : w.null();
    if (!thinking.empty()) w.key("reasoning_content").string(thinking);
    if (!calls.empty()) {
      w.key("tool_calls").begin_array();
      for (const std::string& call : calls) w.raw(call);
      w.end_array();
    }
    w.end_object();
    messages.push_back(w.take());
  }
};

// What a message's fields say, in whatever order they came.
struct Message {
  std::string_view role;
  std::vector<Block> blocks;
};

Decoded<void> read_content(json::Value& value, std::vector<Block>& blocks) {
  if (value.kind() == json::Kind::string) {
    Block block;
    block.type = "text";
    HEARTH_TRY_ASSIGN(block.text, value.text());
    blocks.push_back(std::move(block));
    return {};
  }
  return value.each_item(kMaxBlocks, [&blocks](std::size_t, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(Block block, read_block(item));
    blocks.push_back(std::move(block));
    return {};
  });
}

}  // namespace

Decoded<void> translate_message(json::Value& value, std::vector<std::string>& messages) {
  static constexpr std::array<std::string_view, 2> kNames{"role", "content"};
  Message message;
  const auto fields = value.each_field(kNames, [&message](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "content") return read_content(field, message.blocks);
    HEARTH_TRY_ASSIGN(message.role, field.text());
    return {};
  });
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("role"));
  HEARTH_TRY(fields->require("content"));
  const json::Path content = value.path().field("content");
  const auto each = [&](auto& turn) -> Decoded<void> {
    for (std::size_t i = 0; i < message.blocks.size(); ++i) {
      HEARTH_TRY(turn.add(content.item(i), message.blocks[i]));
    }
    turn.write(messages);
    return {};
  };
  if (message.role == "user") {
    UserTurn turn{{}, &messages};
    return each(turn);
  }
  if (message.role == "assistant") {
    AssistantTurn turn;
    return each(turn);
  }
  const std::string where = value.path().field("role").text();
  return reject(ApiCode::invalid_value, fmt::format("`{}` must be 'user' or 'assistant'.", where), where);
}

Decoded<std::string> read_text_blocks(json::Value& value) {
  if (value.kind() == json::Kind::string) return value.string();
  std::string text;
  HEARTH_TRY(value.each_item(kMaxBlocks, [&text](std::size_t i, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const Block block, read_block(item));
    if (block.type != "text") return no_place_for(item.path(), block);
    if (i > 0) text += "\n\n";
    text += *block.text;
    return {};
  }));
  return text;
}

}  // namespace hearth::dialects::anthropic
