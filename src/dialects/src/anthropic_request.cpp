#include "src/anthropic_message.h"
#include "src/json_writer.h"

#include <hearth/dialects/anthropic.h>

#include <fmt/format.h>

#include <array>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxMessages = 1'000'000;  // the body's size is the real bound
constexpr std::size_t kMaxTools = 100'000;
// A chat completion request in the making. The order of what is in it does not depend on the client's: a server that
// remembers the beginning of a prompt finds it again.
struct Request {
  ForwardHead head;
  Span model_was_at;
  std::optional<std::string> system;
  std::vector<std::string> messages;
  std::vector<std::string> tools;
  std::string tool_choice;  // JSON
  bool one_tool_at_once = false;
  std::string others;  // `"key":value` with a comma before each

  void add(std::string_view key, std::string_view json) {
    json::Writer name;
    name.string(key);
    others += fmt::format(",{}:{}", name.take(), json);
  }
};

// {"name", "description", "input_schema"} → {"type":"function","function":{"name","description","parameters"}}
Decoded<std::string> read_tool(json::Value& value) {
  static constexpr std::array<std::string_view, 4> kNames{"type", "name", "description", "input_schema"};
  std::string_view type = "custom";
  std::string_view name;
  std::optional<std::string_view> description;
  std::string_view schema;
  const auto fields = value.each_field(kNames, [&](std::string_view key, json::Value field) -> Decoded<void> {
    if (key == "input_schema") {
      if (field.kind() != json::Kind::object) return std::unexpected(field.wrong_type("an object"));
      HEARTH_TRY_ASSIGN(schema, field.raw());
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    if (key == "type") type = text;
    if (key == "name") name = text;
    if (key == "description") description = text;
    return {};
  });
  HEARTH_TRY(fields);
  if (type != "custom") {
    return std::unexpected(
        value.refuse(ApiCode::unsupported_value,
                     fmt::format("is the tool '{}', which Anthropic runs itself; offer tools with an `input_schema`.",
                                 type.substr(0, 60))));
  }
  HEARTH_TRY(fields->require("name"));
  HEARTH_TRY(fields->require("input_schema"));
  json::Writer w;
  w.begin_object().key("type").plain_string("function").key("function").begin_object();
  w.key("name").string(name);
  if (description) w.key("description").string(*description);
  w.key("parameters").raw(schema);
  w.end_object().end_object();
  return w.take();
}

Decoded<void> read_tool_choice(json::Value& value, Request& request) {
  static constexpr std::array<std::string_view, 3> kNames{"type", "name", "disable_parallel_tool_use"};
  std::string_view type;
  std::string_view tool;
  const auto fields = value.each_field(kNames, [&](std::string_view key, json::Value field) -> Decoded<void> {
    if (key == "disable_parallel_tool_use") {
      HEARTH_TRY_ASSIGN(request.one_tool_at_once, field.boolean());
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    (key == "type" ? type : tool) = text;
    return {};
  });
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("type"));
  json::Writer w;
  if (type == "auto" || type == "none") {
    w.plain_string(type);
  } else if (type == "any") {
    w.plain_string("required");
  } else if (type == "tool") {
    HEARTH_TRY(fields->require("name"));
    w.begin_object().key("type").plain_string("function");
    w.key("function").begin_object().key("name").string(tool).end_object().end_object();
  } else {
    return std::unexpected(
        value.refuse(ApiCode::invalid_value, "has a type that is none of auto, any, tool and none."));
  }
  request.tool_choice = w.take();
  return {};
}

Decoded<void> read_messages(json::Value& value, Request& request) {
  HEARTH_TRY(value.each_item(kMaxMessages, [&request](std::size_t, json::Value item) -> Decoded<void> {
    return anthropic::translate_message(item, request.messages);
  }));
  if (request.messages.empty())
    return std::unexpected(value.refuse(ApiCode::empty_array, "says nothing; send at least one message."));
  return {};
}

Decoded<void> read_tools(json::Value& value, Request& request) {
  return value.each_item(kMaxTools, [&request](std::size_t, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(std::string tool, read_tool(item));
    request.tools.push_back(std::move(tool));
    return {};
  });
}

Decoded<void> read_metadata(json::Value& value, Request& request) {
  static constexpr std::array<std::string_view, 1> kNames{"user_id"};
  HEARTH_TRY(value.each_field(kNames, [&request](std::string_view, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::string_view user, field.raw());
    request.add("user", user);
    return {};
  }));
  return {};
}

constexpr std::array<std::string_view, 12> kNames{"model",    "stream",       "messages",  "system",
                                                  "tools",    "tool_choice",  "metadata",  "max_tokens",
                                                  "thinking", "service_tier", "container", "context_management"};

struct ReadField {
  Request& request;

  Decoded<void> operator()(std::string_view name, json::Value value) const {
    if (name == "model") {
      request.model_was_at = value.span();
      HEARTH_TRY_ASSIGN(request.head.model, value.name());
      return {};
    }
    if (name == "stream") {
      HEARTH_TRY_ASSIGN(request.head.stream, value.boolean());
      return {};
    }
    if (name == "system") {
      HEARTH_TRY_ASSIGN(request.system, anthropic::read_text_blocks(value));
      return {};
    }
    if (name == "max_tokens") {
      HEARTH_TRY(value.integer(1, 1'000'000'000));
      return other(name, value);
    }
    if (name == "messages") return read_messages(value, request);
    if (name == "tools") return read_tools(value, request);
    if (name == "tool_choice") return read_tool_choice(value, request);
    if (name == "metadata") return read_metadata(value, request);
    return value.check();  // what only Anthropic's own models have
  }
  Decoded<void> other(std::string_view name, json::Value value) const {
    HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
    request.add(name == "stop_sequences" ? "stop" : name, json);
    return {};
  }
};

// The model first, so that it is found again.
TranslatedRequest write(Request&& request, bool counting) {
  json::Writer model;
  model.string(request.head.model);
  const std::string name = model.take();
  std::string body = R"({"model":)";
  request.head.model_at = {body.size(), name.size()};
  body += name;
  request.head.include_usage = request.head.stream && !counting;
  if (request.head.include_usage) body += R"(,"stream":true,"stream_options":{"include_usage":true})";
  body += request.others;
  if (!request.tool_choice.empty()) body += R"(,"tool_choice":)" + request.tool_choice;
  if (request.one_tool_at_once) body += R"(,"parallel_tool_calls":false)";
  const auto list = [&body](std::string_view key, const std::vector<std::string>& items) {
    body += fmt::format(R"(,"{}":[)", key);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) body += ',';
      body += items[i];
    }
    body += ']';
  };
  if (!request.tools.empty()) list("tools", request.tools);
  if (request.system) {
    json::Writer w;
    w.begin_object().key("role").plain_string("system").key("content").string(*request.system).end_object();
    request.messages.insert(request.messages.begin(), w.take());
  }
  list("messages", request.messages);
  body += '}';
  return with_facts(std::move(request.head), JsonBody(std::move(body)), request.model_was_at);
}

Decoded<TranslatedRequest> translate(const JsonBody& body, bool counting) {
  Request request;
  json::Document document(body);
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kNames, ReadField{request}));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("messages"));
  if (!counting) {
    HEARTH_TRY(fields.require("max_tokens"));
  }
  return write(std::move(request), counting);
}

}  // namespace

Decoded<TranslatedRequest> translate_messages(const JsonBody& request) {
  return translate(request, false);
}

Decoded<TranslatedRequest> translate_count_tokens(const JsonBody& request) {
  return translate(request, true);
}

}  // namespace hearth::dialects
