#include "src/chat_delta.h"
#include "src/json_reader.h"
#include "src/json_writer.h"

#include <hearth/dialects/ollama.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxHeldBack = 8 << 20;  // bytes of tool calls

// What is known at the end.
struct Account {
  std::string done_reason;
  Usage usage;
  double prompt_ms = 0;
  double completion_ms = 0;

  void take(const ChatDelta& delta) {
    if (!delta.finish_reason.empty()) done_reason = delta.finish_reason == "length" ? "length" : "stop";
    if (delta.has_usage) usage = delta.usage;
    prompt_ms = std::max(prompt_ms, delta.prompt_ms);
    completion_ms = std::max(completion_ms, delta.completion_ms);
  }
  void write(json::Writer& w, const OllamaMoment& now) const {
    const auto nanoseconds = [](double ms) { return static_cast<std::int64_t>(ms * 1e6); };
    const std::int64_t total = now.elapsed.count();
    const std::int64_t computing = nanoseconds(prompt_ms) + nanoseconds(completion_ms);
    w.key("done").boolean(true).key("done_reason").string(done_reason.empty() ? "stop" : done_reason);
    w.key("total_duration").number(total);
    w.key("load_duration").number(std::max<std::int64_t>(0, total - computing));
    w.key("prompt_eval_count").number(usage.input_tokens).key("prompt_eval_duration").number(nanoseconds(prompt_ms));
    w.key("eval_count").number(usage.output_tokens).key("eval_duration").number(nanoseconds(completion_ms));
  }
};

// Calls by their index, put together from their pieces.
using Calls = std::map<std::int64_t, ToolCallPart>;

Result<void> gather(Calls& calls, std::size_t& bytes, const ChatDelta& delta) {
  for (const ToolCallPart& part : delta.tool_calls) {
    bytes += part.name.size() + part.arguments.size() + sizeof(ToolCallPart);
    if (bytes > kMaxHeldBack) return fail(Errc::too_large, "the model's tool calls are larger than 8 MiB");
    ToolCallPart& call = calls[part.index];
    call.id += part.id;
    call.name += part.name;
    call.arguments += part.arguments;
  }
  return {};
}

bool is_object(std::string_view text) {
  const JsonBody body = JsonBody::copy_of(text);
  json::Document document(body);
  return document.each_field({}, [](std::string_view, json::Value) -> Decoded<void> { return {}; }).has_value();
}

// `cut`: the limit of tokens ended the answer, so that the last call may not be whole.
Result<void> write_calls(json::Writer& w, const Calls& calls, bool cut) {
  w.key("tool_calls").begin_array();
  for (const auto& [index, call] : calls) {
    const bool whole = call.arguments.empty() || is_object(call.arguments);
    if (!whole && !cut)
      return fail(Errc::protocol_error,
                  fmt::format("the model called the tool '{}' with arguments that are no JSON object",
                              call.name.substr(0, 100)));
    w.begin_object().key("id").string(call.id).key("function").begin_object();
    w.key("index").number(index).key("name").string(call.name);
    w.key("arguments").raw(whole && !call.arguments.empty() ? std::string_view(call.arguments) : "{}");
    w.end_object().end_object();
  }
  w.end_array();
  return {};
}

// The beginning of a line or of a whole answer, up to what it says.
Result<void> write_said(json::Writer& w, OllamaShape shape, std::string_view content, std::string_view thinking,
                        const Calls& calls, bool cut) {
  if (shape == OllamaShape::generate) {
    w.key("response").string(content);
    if (!thinking.empty()) w.key("thinking").string(thinking);
    return {};
  }
  w.key("message").begin_object().key("role").plain_string("assistant").key("content").string(content);
  if (!thinking.empty()) w.key("thinking").string(thinking);
  if (!calls.empty()) {
    HEARTH_TRY(write_calls(w, calls, cut));
  }
  w.end_object();
  return {};
}

void write_head(json::Writer& w, std::string_view model, const OllamaMoment& now) {
  w.begin_object().key("model").string(model).key("created_at").string(now.created_at);
}

}  // namespace

struct OllamaStream::State {
  OllamaShape shape = OllamaShape::chat;
  std::string model;
  SseParser parser;
  Account account;
  Calls calls;
  std::size_t held_back = 0;
  bool begun = false;
  bool finished = false;
  std::string out;

  Result<void> say(std::string_view content, std::string_view thinking, const OllamaMoment& now) {
    json::Writer w;
    write_head(w, model, now);
    HEARTH_TRY(write_said(w, shape, content, thinking, {}, false));
    w.key("done").boolean(false).end_object();
    out += w.take() + "\n";
    return {};
  }
  Result<void> finish(const OllamaMoment& now) {
    finished = true;
    const bool cut = account.done_reason == "length";
    if (!calls.empty()) {
      json::Writer w;
      write_head(w, model, now);
      HEARTH_TRY(write_said(w, shape, "", "", calls, cut));
      w.key("done").boolean(false).end_object();
      out += w.take() + "\n";
    }
    json::Writer w;
    write_head(w, model, now);
    HEARTH_TRY(write_said(w, shape, "", "", {}, false));
    account.write(w, now);
    w.end_object();
    out += w.take() + "\n";
    return {};
  }
  Result<void> take(std::string_view data, const OllamaMoment& now) {
    if (data.starts_with("[DONE]")) {
      if (!begun) return fail(Errc::protocol_error, "the model's answer ended before it began");
      return finish(now);
    }
    HEARTH_TRY_ASSIGN(const ChatDelta delta, decode_chat_delta(data));
    if (delta.error) return fail(Errc::unavailable, *delta.error);
    begun = true;
    account.take(delta);
    HEARTH_TRY(gather(calls, held_back, delta));
    const std::string& content = delta.content.empty() ? delta.refusal : delta.content;
    if (content.empty() && delta.reasoning.empty()) return {};
    return say(content, delta.reasoning, now);
  }
};

OllamaStream::OllamaStream(OllamaShape shape, std::string model) : state_(std::make_unique<State>()) {
  state_->shape = shape;
  state_->model = std::move(model);
}
OllamaStream::~OllamaStream() = default;

Usage OllamaStream::usage() const noexcept {
  return state_->account.usage;
}

Result<std::string> OllamaStream::feed(std::string_view bytes, const OllamaMoment& now) {
  state_->parser.feed(bytes);
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<SseEvent> event, state_->parser.next());
    if (!event) return std::exchange(state_->out, {});
    if (!state_->finished) {
      HEARTH_TRY(state_->take(event->data, now));
    }
  }
}

Result<void> OllamaStream::end() const {
  if (state_->finished) return {};
  return fail(Errc::unavailable, "the model's answer was cut off before its end; ask again");
}

Result<OllamaAnswer> translate_ollama_answer(std::string_view answer, OllamaShape shape, std::string_view model,
                                             const OllamaMoment& now) {
  HEARTH_TRY_ASSIGN(const ChatDelta delta, decode_chat_delta(answer));
  if (delta.error || !delta.has_choice) return fail(Errc::protocol_error, "the model's answer has no choices");
  Account account;
  account.take(delta);
  Calls calls;
  std::size_t bytes = 0;
  HEARTH_TRY(gather(calls, bytes, delta));
  json::Writer w;
  write_head(w, model, now);
  HEARTH_TRY(write_said(w, shape, delta.content.empty() ? delta.refusal : delta.content, delta.reasoning, calls,
                        account.done_reason == "length"));
  account.write(w, now);
  w.end_object();
  return OllamaAnswer{w.take(), delta.usage};
}

std::string encode_ollama_loaded(std::string_view model, const OllamaMoment& now) {
  json::Writer w;
  write_head(w, model, now);
  w.key("response").plain_string("").key("done").boolean(true).key("done_reason").plain_string("load").end_object();
  return w.take();
}

Result<OllamaAnswer> translate_ollama_embeddings(std::string_view answer, bool one, std::string_view model,
                                                 const OllamaMoment& now) {
  static constexpr std::array<std::string_view, 2> kOuter{"data", "usage"};
  static constexpr std::array<std::string_view, 1> kItem{"embedding"};
  static constexpr std::array<std::string_view, 1> kUsage{"prompt_tokens"};
  constexpr std::size_t kMaxVectors = 1'000'000;
  const JsonBody body = JsonBody::copy_of(answer);
  std::vector<std::string_view> vectors;
  std::int64_t tokens = 0;
  json::Document document(body);
  const auto read_item = [&vectors](std::size_t, json::Value item) -> Decoded<void> {
    HEARTH_TRY(item.each_field(kItem, [&vectors](std::string_view, json::Value vector) -> Decoded<void> {
      if (vector.kind() != json::Kind::array) return std::unexpected(vector.wrong_type("an array"));
      HEARTH_TRY_ASSIGN(const std::string_view numbers, vector.raw());
      vectors.push_back(numbers);
      return {};
    }));
    return {};
  };
  const auto fields = document.each_field(kOuter, [&](std::string_view name, json::Value value) -> Decoded<void> {
    if (name == "data") return value.each_item(kMaxVectors, read_item);
    HEARTH_TRY(value.each_field(kUsage, [&tokens](std::string_view, json::Value count) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(tokens, count.integer(0, 1'000'000'000'000));
      return {};
    }));
    return {};
  });
  if (!fields) return fail(json::engine_fault(fields.error(), "the embedding engine's answer"));
  if (one && vectors.size() != 1) return fail(Errc::protocol_error, "the embedding engine's answer is not one vector");
  json::Writer w;
  w.begin_object();
  if (one) {
    w.key("embedding").raw(vectors.front());
  } else {
    w.key("model").string(model).key("embeddings").begin_array();
    for (const std::string_view vector : vectors) w.raw(vector);
    w.end_array();
    w.key("total_duration").number(now.elapsed.count()).key("load_duration").number(0);
    w.key("prompt_eval_count").number(tokens);
  }
  w.end_object();
  return OllamaAnswer{w.take(), {static_cast<std::uint64_t>(tokens), 0}};
}

}  // namespace hearth::dialects
