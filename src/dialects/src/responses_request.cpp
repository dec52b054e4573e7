#include "src/json_reader.h"
#include "src/json_writer.h"
#include "src/request_facts.h"

#include <hearth/dialects/responses.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxItems = 1'000'000;  // the body's size is the real bound

void add(std::string& fields, std::string_view key, std::string_view json) {
  fields += fmt::format(R"(,"{}":{})", key, json);
}

std::unexpected<ApiError> unsupported(const json::Value& value, std::string_view what) {
  return std::unexpected(value.refuse(ApiCode::unsupported_value, fmt::format("is {}, which this box has not.", what)));
}

// One piece of a message's content, as a chat completion has it.
struct Part {
  std::string json;
  std::optional<std::string> text;
};

Decoded<Part> read_part(json::Value& value) {
  static constexpr std::array<std::string_view, 4> kNames{"type", "text", "image_url", "refusal"};
  std::string_view type;
  std::string_view text;
  std::string_view url;
  const auto fields = value.each_field(kNames, [&](std::string_view name, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::string_view read, field.text());
    if (name == "type") type = read;
    if (name == "text" || name == "refusal") text = read;
    if (name == "image_url") url = read;
    return {};
  });
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("type"));
  json::Writer w;
  if (type == "input_text" || type == "output_text" || type == "text" || type == "refusal" ||
      type == "reasoning_text") {
    w.begin_object().key("type").plain_string("text").key("text").string(text).end_object();
    return Part{w.take(), std::string(text)};
  }
  if (type == "input_image" && !url.empty()) {
    w.begin_object().key("type").plain_string("image_url").key("image_url").begin_object();
    w.key("url").string(url).end_object().end_object();
    return Part{w.take(), std::nullopt};
  }
  return unsupported(value, fmt::format("a piece of type '{}'", type.substr(0, 40)));
}

// A text, or pieces.
Decoded<std::vector<Part>> read_content(json::Value& value) {
  std::vector<Part> parts;
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(std::string text, value.string());
    parts.push_back({"", std::move(text)});
    return parts;
  }
  HEARTH_TRY(value.each_item(kMaxItems, [&parts](std::size_t, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(Part part, read_part(item));
    parts.push_back(std::move(part));
    return {};
  }));
  return parts;
}

// Texts alone are one text: not every template takes pieces.
void write_content(json::Writer& w, const std::vector<Part>& parts) {
  const bool plain = std::ranges::all_of(parts, [](const Part& part) { return part.text.has_value(); });
  if (plain) {
    std::string text;
    for (const Part& part : parts) text += *part.text;
    w.string(text);
    return;
  }
  w.begin_array();
  for (const Part& part : parts) w.raw(part.json);
  w.end_array();
}

// An item of `input`, whatever kind it turns out to be.
struct Item {
  std::string_view type = "message";
  std::string_view role;
  std::string_view call_id;
  std::string_view name;
  std::string_view arguments;
  std::vector<Part> content;
  std::vector<Part> output;
};

std::vector<std::string_view> needs_of(std::string_view type) {
  if (type == "message") return {"role", "content"};
  if (type == "function_call") return {"call_id", "name", "arguments"};
  if (type == "function_call_output") return {"call_id", "output"};
  return {};
}

Decoded<Item> read_item(json::Value& value) {
  static constexpr std::array<std::string_view, 7> kNames{"type",      "role",    "call_id", "name",
                                                          "arguments", "content", "output"};
  Item item;
  const auto fields = value.each_field(kNames, [&item](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "content") {
      HEARTH_TRY_ASSIGN(item.content, read_content(field));
      return {};
    }
    if (name == "output") {
      HEARTH_TRY_ASSIGN(item.output, read_content(field));
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    if (name == "type") item.type = text;
    if (name == "role") item.role = text;
    if (name == "call_id") item.call_id = text;
    if (name == "name") item.name = text;
    if (name == "arguments") item.arguments = text;
    return {};
  });
  HEARTH_TRY(fields);
  for (const std::string_view needed : needs_of(item.type)) {
    HEARTH_TRY(fields->require(needed));
  }
  return item;
}

// Calls of one turn, what was thought before and what was said with them are one message of the assistant's there.
struct Conversation {
  std::string messages;  // JSON objects, with commas
  std::string reasoning;
  std::string said;  // JSON: the content of the assistant's message in the making; empty: none
  std::vector<std::string> calls;

  void add_message(std::string_view json) {
    if (!messages.empty()) messages += ',';
    messages += json;
  }
  void flush() {
    if (said.empty() && calls.empty()) return;
    json::Writer w;
    w.begin_object().key("role").plain_string("assistant").key("content");
    said.empty() ? w.null() : w.raw(said);
    if (!reasoning.empty()) w.key("reasoning_content").string(reasoning);
    if (!calls.empty()) {
      w.key("tool_calls").begin_array();
      for (const std::string& call : calls) w.raw(call);
      w.end_array();
    }
    w.end_object();
    add_message(w.take());
    reasoning.clear();
    said.clear();
    calls.clear();
  }
};

void take_message(const Item& item, Conversation& conversation) {
  json::Writer content;
  write_content(content, item.content);
  if (item.role == "assistant") {
    if (!conversation.said.empty()) conversation.flush();
    conversation.said = content.take();
    return;
  }
  conversation.flush();
  json::Writer w;
  w.begin_object().key("role").string(item.role == "developer" ? "system" : item.role);
  w.key("content").raw(content.take()).end_object();
  conversation.add_message(w.take());
}

Decoded<void> take_item(const json::Value& value, const Item& item, Conversation& conversation) {
  if (item.type == "message") {
    take_message(item, conversation);
  } else if (item.type == "function_call") {
    json::Writer w;
    w.begin_object().key("id").string(item.call_id).key("type").plain_string("function").key("function").begin_object();
    w.key("name").string(item.name).key("arguments").string(item.arguments).end_object().end_object();
    conversation.calls.push_back(w.take());
  } else if (item.type == "function_call_output") {
    conversation.flush();
    json::Writer w;
    w.begin_object().key("role").plain_string("tool").key("tool_call_id").string(item.call_id).key("content");
    write_content(w, item.output);
    w.end_object();
    conversation.add_message(w.take());
  } else if (item.type == "reasoning") {
    conversation.flush();
    for (const Part& part : item.content) conversation.reasoning += part.text.value_or("");
  } else {
    return unsupported(value, fmt::format("an item of type '{}'", item.type.substr(0, 40)));
  }
  return {};
}

Decoded<void> read_input(json::Value& value, Conversation& conversation) {
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
    json::Writer w;
    w.begin_object().key("role").plain_string("user").key("content").string(text).end_object();
    conversation.add_message(w.take());
    return {};
  }
  HEARTH_TRY(value.each_item(kMaxItems, [&conversation](std::size_t, json::Value one) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const Item item, read_item(one));
    return take_item(one, item, conversation);
  }));
  conversation.flush();
  return {};
}

// {"type":"function","name","description","parameters","strict"} → {"type":"function","function":{…}}
Decoded<std::string> read_tool(json::Value& value) {
  static constexpr std::array<std::string_view, 5> kNames{"type", "name", "description", "parameters", "strict"};
  std::string_view type;
  std::string function;
  const auto fields = value.each_field(kNames, [&](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "type") {
      HEARTH_TRY_ASSIGN(type, field.text());
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view json, field.raw());
    add(function, name, json);
    return {};
  });
  HEARTH_TRY(fields);
  if (type != "function") return unsupported(value, fmt::format("a tool of type '{}'", type.substr(0, 40)));
  HEARTH_TRY(fields->require("name"));
  return fmt::format(R"({{"type":"function","function":{{{}}}}})", function.substr(1));
}

// A word, or {"type":"function","name"}.
Decoded<std::string> read_tool_choice(json::Value& value) {
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view word, value.raw());
    return std::string(word);
  }
  static constexpr std::array<std::string_view, 2> kNames{"type", "name"};
  std::string_view type;
  std::string_view tool;
  HEARTH_TRY(value.each_field(kNames, [&](std::string_view name, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN((name == "type" ? type : tool), field.text());
    return {};
  }));
  if (type != "function") return unsupported(value, fmt::format("a choice of type '{}'", type.substr(0, 40)));
  json::Writer w;
  w.begin_object().key("type").plain_string("function").key("function").begin_object();
  w.key("name").string(tool).end_object().end_object();
  return w.take();
}

// {"format":{"type":"json_schema","name","schema","strict"}} → response_format
Decoded<void> read_text_options(json::Value& value, std::string& fields) {
  static constexpr std::array<std::string_view, 1> kNames{"format"};
  static constexpr std::array<std::string_view, 4> kFormat{"type", "name", "schema", "strict"};
  std::string_view type;
  std::string schema;
  const auto read_format = [&](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "type") {
      HEARTH_TRY_ASSIGN(type, field.text());
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view json, field.raw());
    add(schema, name, json);
    return {};
  };
  HEARTH_TRY(value.each_field(kNames, [&](std::string_view, json::Value format) -> Decoded<void> {
    HEARTH_TRY(format.each_field(kFormat, read_format));
    return {};
  }));
  if (type == "json_object") add(fields, "response_format", R"({"type":"json_object"})");
  if (type == "json_schema" && !schema.empty())
    add(fields, "response_format", fmt::format(R"({{"type":"json_schema","json_schema":{{{}}}}})", schema.substr(1)));
  return {};
}

Decoded<void> read_reasoning(json::Value& value, std::string& fields) {
  static constexpr std::array<std::string_view, 1> kNames{"effort"};
  HEARTH_TRY(value.each_field(kNames, [&fields](std::string_view, json::Value effort) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::string_view json, effort.raw());
    add(fields, "reasoning_effort", json);
    return {};
  }));
  return {};
}

struct Reading {
  ForwardHead head;
  std::string fields;
  ResponseEcho echo;
  std::optional<std::string> instructions;
  Conversation conversation;
};

// What asks for something to be kept between calls.
constexpr std::array<std::string_view, 3> kKept{"previous_response_id", "conversation", "prompt"};
// What goes on under another name or the same, and is repeated in every response.
struct Plain {
  std::string_view name;
  std::string_view there;
};
constexpr std::array kPlain{Plain{"temperature", "temperature"},
                            Plain{"top_p", "top_p"},
                            Plain{"max_output_tokens", "max_tokens"},
                            Plain{"parallel_tool_calls", "parallel_tool_calls"},
                            Plain{"user", "user"},
                            Plain{"metadata", ""}};

struct ReadField {
  Reading& into;

  Decoded<void> operator()(std::string_view name, json::Value value) const {
    if (name == "model") {
      HEARTH_TRY_ASSIGN(into.head.model, value.name());
      return {};
    }
    if (name == "stream") {
      HEARTH_TRY_ASSIGN(into.head.stream, value.boolean());
      return {};
    }
    if (name == "input") return read_input(value, into.conversation);
    if (name == "instructions") {
      HEARTH_TRY_ASSIGN(into.instructions, value.string());
      return {};
    }
    if (name == "tools") return read_tools(value);
    if (name == "tool_choice") {
      HEARTH_TRY_ASSIGN(const std::string choice, read_tool_choice(value));
      add(into.fields, name, choice);
      return {};
    }
    if (name == "text") return read_text_options(value, into.fields);
    if (name == "reasoning") return read_reasoning(value, into.fields);
    return check_background(value);
  }

  Decoded<void> other(std::string_view name, json::Value value) const {
    if (std::ranges::find(kKept, name) != kKept.end() && value.kind() != json::Kind::null)
      return std::unexpected(
          value.refuse(ApiCode::unsupported_value,
                       "names something kept from before, and this box keeps nothing: send it in `input`."));
    HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
    const auto* plain = std::ranges::find(kPlain, name, &Plain::name);
    if (plain == kPlain.end() || value.kind() == json::Kind::null) return {};
    if (!plain->there.empty()) add(into.fields, plain->there, json);
    into.echo.emplace_back(plain->name, json);
    return {};
  }

 private:
  // Read twice: as they are repeated, and as they go on.
  Decoded<void> read_tools(json::Value& value) const {
    static constexpr std::array<std::string_view, 1> kTools{"tools"};
    HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
    into.echo.emplace_back("tools", json);
    const JsonBody body(fmt::format(R"({{"tools":{}}})", json));
    std::string tools;
    json::Document document(body);
    HEARTH_TRY(document.each_field(kTools, [&tools](std::string_view, json::Value list) -> Decoded<void> {
      return list.each_item(kMaxItems, [&tools](std::size_t, json::Value item) -> Decoded<void> {
        HEARTH_TRY_ASSIGN(const std::string tool, read_tool(item));
        tools += (tools.empty() ? "" : ",") + tool;
        return {};
      });
    }));
    if (!tools.empty()) add(into.fields, "tools", fmt::format("[{}]", tools));
    return {};
  }
};

}  // namespace

Decoded<ResponsesRequest> translate_responses(const JsonBody& body) {
  static constexpr std::array<std::string_view, 9> kNames{"model",       "input", "stream",    "instructions", "tools",
                                                          "tool_choice", "text",  "reasoning", "background"};
  Reading reading;
  json::Document document(body);
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kNames, ReadField{reading}));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("input"));
  if (reading.conversation.messages.empty())
    return reject(ApiCode::empty_array, "`input` says nothing; send at least one message.", "input");
  json::Writer model;
  model.string(reading.head.model);
  const std::string name = model.take();
  std::string chat = R"({"model":)";
  reading.head.model_at = {chat.size(), name.size()};
  chat += name;
  reading.head.include_usage = reading.head.stream;
  if (reading.head.stream) chat += R"(,"stream":true,"stream_options":{"include_usage":true})";
  chat += reading.fields + R"(,"messages":[)";
  if (reading.instructions) {
    json::Writer w;
    w.begin_object().key("role").plain_string("system").key("content").string(*reading.instructions).end_object();
    chat += w.take() + ",";
    json::Writer repeated;
    repeated.string(*reading.instructions);
    reading.echo.emplace_back("instructions", repeated.take());
  }
  chat += reading.conversation.messages + "]}";
  return ResponsesRequest{with_facts(std::move(reading.head), JsonBody(std::move(chat))), std::move(reading.echo)};
}

}  // namespace hearth::dialects
