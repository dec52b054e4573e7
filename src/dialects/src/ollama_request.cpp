#include "src/json_reader.h"
#include "src/json_writer.h"

#include <hearth/dialects/ollama.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxItems = 1'000'000;  // the body's size is the real bound
constexpr std::string_view kLatest = ":latest";

// What an answer is like; the rest of `options` says how a model is loaded.
constexpr std::array<std::string_view, 11> kOptions{
    "temperature",      "top_p",         "top_k", "min_p", "typical_p",
    "repeat_penalty",   "repeat_last_n", "seed",  "stop",  "presence_penalty",
    "frequency_penalty"};

void add(std::string& fields, std::string_view key, std::string_view json) {
  fields += fmt::format(R"(,"{}":{})", key, json);
}

Decoded<std::string> read_name(json::Value& value) {
  HEARTH_TRY_ASSIGN(std::string name, value.name());
  if (name.size() > kLatest.size() && name.ends_with(kLatest)) name.resize(name.size() - kLatest.size());
  return name;
}

struct ReadOptions {
  std::string& fields;
  Decoded<void> operator()(std::string_view, json::Value value) const {  // num_predict
    HEARTH_TRY_ASSIGN(const std::int64_t tokens, value.integer(-2, 1'000'000'000));
    if (tokens > 0) add(fields, "max_tokens", std::to_string(tokens));
    return {};
  }
  Decoded<void> other(std::string_view name, json::Value value) const {
    HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
    const auto* known = std::ranges::find(kOptions, name);
    if (known != kOptions.end() && value.kind() != json::Kind::null) add(fields, *known, json);
    return {};
  }
};

Decoded<void> read_options(json::Value& value, std::string& fields) {
  static constexpr std::array<std::string_view, 1> kNames{"num_predict"};
  HEARTH_TRY(value.each_field(kNames, ReadOptions{fields}));
  return {};
}

// "json", or a schema.
Decoded<void> read_format(json::Value& value, std::string& fields) {
  if (value.kind() == json::Kind::object) {
    HEARTH_TRY_ASSIGN(const std::string_view schema, value.raw());
    add(fields, "response_format",
        fmt::format(R"({{"type":"json_schema","json_schema":{{"name":"format","schema":{}}}}})", schema));
    return {};
  }
  HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
  if (text == "json") {
    add(fields, "response_format", R"({"type":"json_object"})");
  } else if (!text.empty()) {
    return std::unexpected(value.refuse(ApiCode::invalid_value, "must be \"json\" or a JSON schema."));
  }
  return {};
}

// true, false, or how hard: "low", "medium", "high".
Decoded<void> read_think(json::Value& value, std::string& fields) {
  if (value.kind() == json::Kind::boolean) {
    HEARTH_TRY_ASSIGN(const bool on, value.boolean());
    add(fields, "chat_template_kwargs", on ? R"({"enable_thinking":true})" : R"({"enable_thinking":false})");
    return {};
  }
  HEARTH_TRY(value.text());
  HEARTH_TRY_ASSIGN(const std::string_view level, value.raw());
  add(fields, "reasoning_effort", level);
  return {};
}

struct Message {
  std::string_view role;
  std::string_view content;
  std::string_view thinking;
  std::string_view tool;  // of a tool's answer: which
  std::string_view call_id;
  std::vector<std::string> images;  // JSON, as parts
  std::vector<std::string> calls;   // JSON
};

Decoded<void> add_image(json::Value& value, std::vector<std::string>& images) {
  HEARTH_TRY_ASSIGN(const std::string_view base64, value.text());
  json::Writer w;
  w.begin_object().key("type").plain_string("image_url").key("image_url").begin_object();
  // Which kind of picture it is, whoever decodes it sees for himself.
  w.key("url").string(base64.starts_with("data:") ? std::string(base64)
                                                  : fmt::format("data:image/png;base64,{}", base64));
  w.end_object().end_object();
  images.push_back(w.take());
  return {};
}

Decoded<void> read_images(json::Value& value, std::vector<std::string>& images) {
  return value.each_item(kMaxItems, [&images](std::size_t, json::Value item) { return add_image(item, images); });
}

// {"function":{"name","arguments":{…}}}: there, a call has no id; each gets its place in the conversation as one.
Decoded<void> add_call(json::Value& value, std::size_t number, Message& message) {
  static constexpr std::array<std::string_view, 2> kCall{"id", "function"};
  static constexpr std::array<std::string_view, 2> kFunction{"name", "arguments"};
  std::string id = fmt::format("call_{}", number);
  std::string_view name;
  std::string_view arguments = "{}";
  const auto read_function = [&](std::string_view field, json::Value inner) -> Decoded<void> {
    if (field == "name") {
      HEARTH_TRY_ASSIGN(name, inner.text());
      return {};
    }
    if (inner.kind() != json::Kind::object) return std::unexpected(inner.wrong_type("an object"));
    HEARTH_TRY_ASSIGN(arguments, inner.raw());
    return {};
  };
  const auto fields = value.each_field(kCall, [&](std::string_view field, json::Value inner) -> Decoded<void> {
    if (field == "id") {
      HEARTH_TRY_ASSIGN(id, inner.string());
      return {};
    }
    HEARTH_TRY(inner.each_field(kFunction, read_function));
    return {};
  });
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("function"));
  json::Writer w;
  w.begin_object().key("id").string(id).key("type").plain_string("function").key("function").begin_object();
  w.key("name").string(name).key("arguments").string(arguments).end_object().end_object();
  message.calls.push_back(w.take());
  return {};
}

void write_content(json::Writer& w, std::string_view text, const std::vector<std::string>& images) {
  if (images.empty()) {
    w.string(text);
    return;
  }
  w.begin_array();
  if (!text.empty()) w.begin_object().key("type").plain_string("text").key("text").string(text).end_object();
  for (const std::string& image : images) w.raw(image);
  w.end_array();
}

// Which call a tool's answer belongs to is told by the order: the oldest that has none.
struct Calls {
  std::size_t made = 0;
  std::size_t answered = 0;
};

Decoded<std::string> read_message(json::Value& value, Calls& calls) {
  static constexpr std::array<std::string_view, 7> kNames{"role",       "content",   "thinking",    "images",
                                                          "tool_calls", "tool_name", "tool_call_id"};
  Message message;
  const std::size_t made_before = calls.made;
  const auto fields = value.each_field(kNames, [&](std::string_view name, json::Value field) -> Decoded<void> {
    if (name == "images") return read_images(field, message.images);
    if (name == "tool_calls") {
      return field.each_item(kMaxItems, [&](std::size_t i, json::Value call) -> Decoded<void> {
        calls.made = made_before + i + 1;
        return add_call(call, made_before + i, message);
      });
    }
    HEARTH_TRY_ASSIGN(const std::string_view text, field.text());
    if (name == "role") message.role = text;
    if (name == "content") message.content = text;
    if (name == "thinking") message.thinking = text;
    if (name == "tool_name") message.tool = text;
    if (name == "tool_call_id") message.call_id = text;
    return {};
  });
  HEARTH_TRY(fields);
  HEARTH_TRY(fields->require("role"));
  json::Writer w;
  w.begin_object().key("role").string(message.role).key("content");
  write_content(w, message.content, message.images);
  if (!message.thinking.empty()) w.key("reasoning_content").string(message.thinking);
  if (!message.calls.empty()) {
    w.key("tool_calls").begin_array();
    for (const std::string& call : message.calls) w.raw(call);
    w.end_array();
  }
  if (message.role == "tool") {
    const std::string by_order =
        fmt::format("call_{}", std::min(calls.answered, std::max<std::size_t>(calls.made, 1) - 1));
    ++calls.answered;
    w.key("tool_call_id").string(message.call_id.empty() ? by_order : message.call_id);
    if (!message.tool.empty()) w.key("name").string(message.tool);
  }
  w.end_object();
  return w.take();
}

// The parts of a request in the making.
struct Request {
  ForwardHead head{.model = {}, .model_at = {}, .stream = true};
  std::string fields;  // `,"key":value` each
  std::string messages;
  std::string_view prompt;
  std::string_view system;
  std::vector<std::string> images;
  bool raw = false;
};

Decoded<void> read_messages(json::Value& value, Request& request) {
  Calls calls;
  return value.each_item(kMaxItems, [&](std::size_t i, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::string message, read_message(item, calls));
    if (i > 0) request.messages += ',';
    request.messages += message;
    return {};
  });
}

Decoded<void> read_field(std::string_view name, json::Value& value, Request& request) {
  if (name == "model") {
    HEARTH_TRY_ASSIGN(request.head.model, read_name(value));
    return {};
  }
  if (name == "stream" || name == "raw") {
    HEARTH_TRY_ASSIGN((name == "stream" ? request.head.stream : request.raw), value.boolean());
    return {};
  }
  if (name == "options") return read_options(value, request.fields);
  if (name == "format") return read_format(value, request.fields);
  if (name == "think") return read_think(value, request.fields);
  if (name == "messages") return read_messages(value, request);
  if (name == "images") return read_images(value, request.images);
  if (name == "prompt" || name == "system") {
    HEARTH_TRY_ASSIGN((name == "prompt" ? request.prompt : request.system), value.text());
    return {};
  }
  if (value.kind() != json::Kind::array) return std::unexpected(value.wrong_type("an array"));
  HEARTH_TRY_ASSIGN(const std::string_view tools, value.raw());
  add(request.fields, "tools", tools);
  return {};
}

TranslatedRequest write(Request&& request, std::string_view rest) {
  json::Writer model;
  model.string(request.head.model);
  const std::string name = model.take();
  std::string body = R"({"model":)";
  request.head.model_at = {body.size(), name.size()};
  body += name;
  request.head.include_usage = request.head.stream;
  if (request.head.stream) body += R"(,"stream":true,"stream_options":{"include_usage":true})";
  body += request.fields;
  body += rest;
  body += '}';
  return with_facts(std::move(request.head), JsonBody(std::move(body)));
}

std::string write_message(std::string_view role, std::string_view text, const std::vector<std::string>& images) {
  json::Writer w;
  w.begin_object().key("role").plain_string(role).key("content");
  write_content(w, text, images);
  w.end_object();
  return w.take();
}

}  // namespace

Decoded<TranslatedRequest> translate_ollama_chat(const JsonBody& body) {
  static constexpr std::array<std::string_view, 7> kNames{"model",  "messages", "stream", "options",
                                                          "format", "think",    "tools"};
  Request request;
  json::Document document(body);
  HEARTH_TRY_ASSIGN(const json::Fields fields,
                    document.each_field(kNames, [&request](std::string_view name, json::Value value) {
                      return read_field(name, value, request);
                    }));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("messages"));
  if (request.messages.empty())
    return reject(ApiCode::empty_array, "`messages` is an empty array; send at least one message.", "messages");
  const std::string rest = fmt::format(R"(,"messages":[{}])", request.messages);
  return write(std::move(request), rest);
}

Decoded<OllamaGenerate> translate_ollama_generate(const JsonBody& body) {
  static constexpr std::array<std::string_view, 9> kNames{"model", "prompt",  "system", "images", "stream",
                                                          "raw",   "options", "format", "think"};
  Request request;
  json::Document document(body);
  HEARTH_TRY_ASSIGN(const json::Fields fields,
                    document.each_field(kNames, [&request](std::string_view name, json::Value value) {
                      return read_field(name, value, request);
                    }));
  HEARTH_TRY(fields.require("model"));
  const bool raw = request.raw;
  const bool load = request.prompt.empty() && request.images.empty();
  std::string rest;
  if (raw) {
    json::Writer w;
    w.string(request.prompt);
    add(rest, "prompt", w.take());
  } else {
    rest = R"(,"messages":[)";
    if (!request.system.empty()) rest += write_message("system", request.system, {}) + ",";
    rest += write_message("user", request.prompt, request.images) + "]";
  }
  return OllamaGenerate{write(std::move(request), rest), raw, load};
}

Decoded<TranslatedRequest> translate_ollama_embed(const JsonBody& body) {
  static constexpr std::array<std::string_view, 4> kNames{"model", "input", "prompt", "dimensions"};
  Request request;
  request.head.stream = false;
  json::Document document(body);
  const auto read = [&request](std::string_view name, json::Value value) -> Decoded<void> {
    if (name == "model") {
      HEARTH_TRY_ASSIGN(request.head.model, read_name(value));
      return {};
    }
    HEARTH_TRY_ASSIGN(const std::string_view json, value.raw());
    add(request.fields, name == "prompt" ? "input" : name, json);
    return {};
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kNames, read));
  HEARTH_TRY(fields.require("model"));
  if (!fields.has("prompt")) {
    HEARTH_TRY(fields.require("input"));
  } else if (fields.has("input")) {
    return reject(ApiCode::invalid_request, "`input` and `prompt` mean the same; send one of them.", "input");
  }
  return write(std::move(request), "");
}

Decoded<std::string> decode_ollama_name(const JsonBody& body) {
  static constexpr std::array<std::string_view, 2> kNames{"model", "name"};
  std::string model;
  json::Document document(body);
  HEARTH_TRY_ASSIGN(const json::Fields fields,
                    document.each_field(kNames, [&model](std::string_view, json::Value value) -> Decoded<void> {
                      HEARTH_TRY_ASSIGN(model, read_name(value));
                      return {};
                    }));
  if (!fields.has("name")) {
    HEARTH_TRY(fields.require("model"));
  }
  return model;
}

}  // namespace hearth::dialects
