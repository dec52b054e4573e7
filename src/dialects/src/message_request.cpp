#include "src/json_writer.h"
#include "src/message_turns.h"

#include <hearth/dialects/anthropic_upstream.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxMessages = 1'000'000;  // the body's size is the real bound
constexpr std::size_t kMaxTools = 100'000;
constexpr std::int64_t kMostTokens = 1'000'000'000;

void append_field(std::string& to, std::string_view key, std::string_view value) {
  json::Writer name;
  name.string(key);
  to += fmt::format(",{}:{}", name.take(), value);
}

// A message request in the making; every string is JSON.
struct Request {
  ForwardHead head;
  Span model_was_at;
  MessageTurns turns;
  std::string tools;
  std::string tool_choice;  // an object without its last bracket
  bool one_tool_at_once = false;
  std::string_view max_tokens;
  std::string_view max_completion_tokens;
  std::string effort;
  std::string_view format;         // a schema
  std::string_view output_config;  // Anthropic's own
  std::string_view user;
  std::string others;  // `,"key":value` each

  void add(std::string_view key, std::string_view json) { append_field(others, key, json); }
};

struct Tool {
  std::string_view name;
  std::string_view description;
  std::string_view parameters;
  std::string_view strict;
};

Decoded<void> read_function(json::Value& value, Tool& tool) {
  static constexpr std::array<std::string_view, 4> kNames{"name", "description", "parameters", "strict"};
  const auto fields = value.each_field(kNames, [&tool](std::string_view key, json::Value field) -> Decoded<void> {
    const json::Kind wanted = key == "parameters" ? json::Kind::object
                              : key == "strict"   ? json::Kind::boolean
                                                  : json::Kind::string;
    if (field.kind() != wanted) {
      const std::string_view what = key == "parameters" ? "an object" : key == "strict" ? "a boolean" : "a string";
      return std::unexpected(field.wrong_type(what));
    }
    HEARTH_TRY_ASSIGN(const std::string_view json, field.raw());
    if (key == "name") tool.name = json;
    if (key == "description") tool.description = json;
    if (key == "parameters") tool.parameters = json;
    if (key == "strict") tool.strict = json;
    return {};
  });
  HEARTH_TRY(fields);
  return fields->require("name");
}

struct ReadTool {
  std::string_view type;
  std::string_view cache_control;
  Tool function;
  std::string others;  // `,"key":value` each
};

struct ReadToolField {
  ReadTool& tool;

  Decoded<void> operator()(std::string_view key, json::Value field) const {
    if (key == "function") return read_function(field, tool.function);
    if (key == "type") {
      HEARTH_TRY_ASSIGN(tool.type, field.text());
      return {};
    }
    HEARTH_TRY_ASSIGN(tool.cache_control, field.raw());
    return {};
  }
  Decoded<void> other(std::string_view key, json::Value field) const {
    HEARTH_TRY_ASSIGN(const std::string_view json, field.raw());
    append_field(tool.others, key, json);
    return {};
  }
};

// {"type":"function","function":{"name","description","parameters"}} → {"name","description","input_schema"}
Decoded<std::string> read_tool(json::Value& value) {
  static constexpr std::array<std::string_view, 3> kNames{"type", "function", "cache_control"};
  ReadTool tool;
  const auto fields = value.each_field(kNames, ReadToolField{tool});
  HEARTH_TRY(fields);
  if (tool.type == "custom") {
    return std::unexpected(
        value.refuse(ApiCode::unsupported_value, "is a tool of type 'custom', which this model does not have."));
  }
  std::string out;
  if (!tool.type.empty() && tool.type != "function") {  // one that Anthropic runs itself
    json::Writer type;
    type.string(tool.type);
    out = fmt::format(R"({{"type":{}{})", type.take(), tool.others);
  } else {
    HEARTH_TRY(fields->require("function"));
    const Tool& function = tool.function;
    out = fmt::format(R"({{"name":{})", function.name);
    if (!function.description.empty()) append_field(out, "description", function.description);
    append_field(out, "input_schema",
                 function.parameters.empty() ? R"({"type":"object","properties":{}})" : function.parameters);
    if (function.strict == "true") append_field(out, "strict", "true");
  }
  if (!tool.cache_control.empty()) append_field(out, "cache_control", tool.cache_control);
  return out + '}';
}

Decoded<void> read_tool_choice(json::Value& value, Request& request) {
  if (value.kind() == json::Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
    if (text != "auto" && text != "none" && text != "required")
      return std::unexpected(value.refuse(ApiCode::invalid_value, "must be 'none', 'auto', 'required' or a function."));
    request.tool_choice = fmt::format(R"({{"type":"{}")", text == "required" ? "any" : text);
    return {};
  }
  static constexpr std::array<std::string_view, 2> kNames{"type", "function"};
  static constexpr std::array<std::string_view, 1> kFunction{"name"};
  std::string_view type;
  std::string_view name;
  HEARTH_TRY(value.each_field(kNames, [&](std::string_view key, json::Value field) -> Decoded<void> {
    if (key == "type") {
      HEARTH_TRY_ASSIGN(type, field.text());
      return {};
    }
    HEARTH_TRY(field.each_field(kFunction, [&name](std::string_view, json::Value text) -> Decoded<void> {
      if (text.kind() != json::Kind::string) return std::unexpected(text.wrong_type("a string"));
      HEARTH_TRY_ASSIGN(name, text.raw());
      return {};
    }));
    return {};
  }));
  if (type != "function" || name.empty()) {
    return std::unexpected(
        value.refuse(ApiCode::unsupported_value, "must name one function; this model knows no other kind of choice."));
  }
  request.tool_choice = fmt::format(R"({{"type":"tool","name":{})", name);
  return {};
}

Decoded<void> read_format(json::Value& value, Request& request) {
  static constexpr std::array<std::string_view, 2> kNames{"type", "json_schema"};
  static constexpr std::array<std::string_view, 1> kSchema{"schema"};
  std::string_view type;
  HEARTH_TRY(value.each_field(kNames, [&](std::string_view key, json::Value field) -> Decoded<void> {
    if (key == "type") {
      HEARTH_TRY_ASSIGN(type, field.text());
      return {};
    }
    HEARTH_TRY(field.each_field(kSchema, [&request](std::string_view, json::Value schema) -> Decoded<void> {
      if (schema.kind() != json::Kind::object) return std::unexpected(schema.wrong_type("an object"));
      HEARTH_TRY_ASSIGN(request.format, schema.raw());
      return {};
    }));
    return {};
  }));
  if (type == "text") {
    request.format = {};
    return {};
  }
  if (type == "json_schema" && !request.format.empty()) return {};
  return std::unexpected(value.refuse(ApiCode::unsupported_value,
                                      "asks for JSON without saying which; this model needs a `json_schema` with a "
                                      "`schema`."));
}

// OpenAI's words for how long to think, and Anthropic's.
Decoded<void> read_effort(json::Value& value, Request& request) {
  HEARTH_TRY_ASSIGN(const std::string_view effort, value.text());
  static constexpr std::array<std::string_view, 5> kSame{"low", "medium", "high", "xhigh", "max"};
  if (std::ranges::find(kSame, effort) != kSame.end()) {
    request.effort = effort;
  } else if (effort == "minimal") {
    request.effort = "low";
  } else if (effort != "none") {
    return std::unexpected(
        value.refuse(ApiCode::invalid_value, "must be one of none, minimal, low, medium, high, xhigh, max."));
  }
  return {};
}

Decoded<void> read_stop(json::Value& value, Request& request) {
  if (value.kind() != json::Kind::string && value.kind() != json::Kind::array)
    return std::unexpected(value.wrong_type("a string or an array of strings"));
  HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
  if (json == R"("")" || json == "[]") return {};
  request.add("stop_sequences", json.starts_with('[') ? std::string(json) : fmt::format("[{}]", json));
  return {};
}

Decoded<void> read_user(json::Value& value, Request& request) {
  if (value.kind() != json::Kind::string) return std::unexpected(value.wrong_type("a string"));
  HEARTH_TRY_ASSIGN(request.user, value.raw());
  return {};
}

// OpenAI's is for its own records; of Anthropic's there is the user's id.
Decoded<void> read_metadata(json::Value& value, Request& request) {
  static constexpr std::array<std::string_view, 1> kNames{"user_id"};
  HEARTH_TRY(value.each_field(
      kNames, [&request](std::string_view, json::Value field) -> Decoded<void> { return read_user(field, request); }));
  return {};
}

Decoded<void> read_stream_options(json::Value& value, Request& request) {
  static constexpr std::array<std::string_view, 1> kNames{"include_usage"};
  HEARTH_TRY(value.each_field(kNames, [&request](std::string_view, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(request.head.include_usage, field.boolean());
    return {};
  }));
  return {};
}

Decoded<void> read_tier(json::Value& value, Request& request) {
  HEARTH_TRY_ASSIGN(const std::string_view tier, value.text());
  if (tier == "auto" || tier == "standard_only") request.add("service_tier", fmt::format(R"("{}")", tier));
  if (tier == "default") request.add("service_tier", R"("standard_only")");
  return {};
}

// What would make another answer than the one that was asked for.
Decoded<void> refuse_if_meant(std::string_view name, json::Value& value) {
  const auto refuse = [&value](std::string_view what) {
    return std::unexpected(value.refuse(ApiCode::unsupported_value, what));
  };
  if (name == "n") {
    HEARTH_TRY_ASSIGN(const std::int64_t n, value.integer(1, 1'000'000));
    if (n > 1) return refuse("asks for several answers; this model gives one.");
    return {};
  }
  if (name == "logprobs") {
    HEARTH_TRY_ASSIGN(const bool on, value.boolean());
    if (on) return refuse("asks for log probabilities, which this model does not tell.");
    return {};
  }
  if (name == "modalities") {
    return value.each_item(16, [](std::size_t, json::Value item) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(const std::string_view one, item.text());
      if (one == "text") return {};
      return std::unexpected(
          item.refuse(ApiCode::unsupported_value, "must be 'text': this model writes nothing else."));
    });
  }
  if (name == "functions" || name == "function_call") return refuse("is OpenAI's older way; send `tools`.");
  if (name == "audio") return refuse("asks for audio; this model writes text.");
  return refuse("is a search of OpenAI's own; offer a tool for it.");  // web_search_options
}

constexpr std::array<std::string_view, 37> kNames{
    "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "stop",
    "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "output_config", "user",
    "safety_identifier", "metadata", "service_tier", "n", "logprobs", "modalities", "functions", "function_call",
    "audio", "web_search_options",
    // Of OpenAI alone.
    "top_logprobs", "frequency_penalty", "presence_penalty", "logit_bias", "seed", "store", "prediction", "verbosity",
    "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "moderation"};
constexpr std::size_t kIgnored = 25;  // from there on
constexpr std::size_t kMeant = 18;    // from there to kIgnored: see refuse_if_meant()
static_assert(kNames[kIgnored] == "top_logprobs" && kNames[kMeant] == "n");

struct ReadField {
  Request& request;

  Decoded<void> operator()(std::string_view name, json::Value value) const {
    const auto at = static_cast<std::size_t>(std::ranges::find(kNames, name) - kNames.begin());
    if (at >= kIgnored) return value.check();
    if (at >= kMeant) return refuse_if_meant(name, value);
    if (name == "messages") return read_messages(value);
    if (name == "tools") return read_tools(value);
    if (name == "tool_choice") return read_tool_choice(value, request);
    if (name == "response_format") return read_format(value, request);
    if (name == "reasoning_effort") return read_effort(value, request);
    if (name == "stop") return read_stop(value, request);
    if (name == "stream_options") return read_stream_options(value, request);
    if (name == "metadata") return read_metadata(value, request);
    if (name == "service_tier") return read_tier(value, request);
    if (name == "user" || name == "safety_identifier") return read_user(value, request);
    return read_scalar(name, value);
  }
  Decoded<void> other(std::string_view name, json::Value value) const {
    HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
    request.add(name, json);
    return {};
  }

 private:
  Decoded<void> read_scalar(std::string_view name, json::Value& value) const {
    if (name == "model") {
      request.model_was_at = value.span();
      HEARTH_TRY_ASSIGN(request.head.model, value.name());
    } else if (name == "stream") {
      HEARTH_TRY_ASSIGN(request.head.stream, value.boolean());
    } else if (name == "parallel_tool_calls") {
      HEARTH_TRY_ASSIGN(const bool parallel, value.boolean());
      request.one_tool_at_once = !parallel;
    } else if (name == "temperature") {
      HEARTH_TRY_ASSIGN(const double temperature, value.number(0, 2));
      HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
      request.add(name, temperature > 1 ? "1" : json);
    } else if (name == "output_config") {
      HEARTH_TRY_ASSIGN(request.output_config, value.raw());
    } else {
      HEARTH_TRY(value.integer(1, kMostTokens));
      auto& to = name == "max_tokens" ? request.max_tokens : request.max_completion_tokens;
      HEARTH_TRY_ASSIGN(to, value.raw());
    }
    return {};
  }
  Decoded<void> read_messages(json::Value& value) const {
    return value.each_item(kMaxMessages,
                           [this](std::size_t, json::Value item) -> Decoded<void> { return request.turns.add(item); });
  }
  Decoded<void> read_tools(json::Value& value) const {
    return value.each_item(kMaxTools, [this](std::size_t, json::Value item) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(const std::string tool, read_tool(item));
      append_item(request.tools, tool);
      return {};
    });
  }
};

Decoded<void> add_output_config(Request& request) {
  if (request.effort.empty() && request.format.empty()) {
    if (!request.output_config.empty()) request.add("output_config", request.output_config);
    return {};
  }
  if (!request.output_config.empty()) {
    return reject(ApiCode::invalid_value,
                  "`output_config` says what `reasoning_effort` and `response_format` say, too; send one of them.",
                  "output_config");
  }
  std::string config;
  if (!request.effort.empty()) append_item(config, fmt::format(R"("effort":"{}")", request.effort));
  if (!request.format.empty())
    append_item(config, fmt::format(R"("format":{{"type":"json_schema","schema":{}}})", request.format));
  request.add("output_config", '{' + config + '}');
  return {};
}

void add_tools(Request& request) {
  if (request.tools.empty()) return;
  request.add("tools", '[' + request.tools + ']');
  const bool may_call = !request.tool_choice.starts_with(R"({"type":"none")");
  const bool one = request.one_tool_at_once && may_call;
  if (request.tool_choice.empty() && one) request.tool_choice = R"({"type":"auto")";
  if (one) request.tool_choice += R"(,"disable_parallel_tool_use":true)";
  if (!request.tool_choice.empty()) request.add("tool_choice", request.tool_choice + '}');
}

// The model first, so that it is found again; what the client's next request begins with, too, last.
Decoded<TranslatedRequest> write(Request&& request, std::uint64_t max_tokens) {
  HEARTH_TRY(add_output_config(request));
  if (!request.user.empty()) request.add("metadata", fmt::format(R"({{"user_id":{}}})", request.user));
  add_tools(request);
  if (const std::string system = request.turns.system(); !system.empty()) request.add("system", system);
  const std::string messages = request.turns.take_messages();
  if (messages.empty())
    return reject(ApiCode::empty_array, "`messages` says nothing but to the system; send at least one message.",
                  "messages");
  json::Writer model;
  model.string(request.head.model);
  const std::string name = model.take();
  std::string body = R"({"model":)";
  request.head.model_at = {body.size(), name.size()};
  body.reserve(request.others.size() + messages.size() + name.size() + 128 + kJsonPadding);
  body += name;
  const std::string_view most =
      request.max_completion_tokens.empty() ? request.max_tokens : request.max_completion_tokens;
  body += R"(,"max_tokens":)";
  body += most.empty() ? std::to_string(max_tokens) : std::string(most);
  if (request.head.stream) body += R"(,"stream":true)";
  body += request.others;
  body += R"(,"messages":[)";
  body += messages;
  body += "]}";
  return TranslatedRequest{std::move(request.head), JsonBody(std::move(body)), request.model_was_at};
}

}  // namespace

Decoded<TranslatedRequest> translate_chat(const JsonBody& body, std::uint64_t max_tokens) {
  Request request;
  json::Document document(body);
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kNames, ReadField{request}));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("messages"));
  return write(std::move(request), max_tokens);
}

}  // namespace hearth::dialects
