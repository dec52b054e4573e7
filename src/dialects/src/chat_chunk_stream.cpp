#include "src/chat_usage.h"
#include "src/message_event.h"

#include <hearth/dialects/anthropic_upstream.h>

#include <fmt/format.h>

#include <utility>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxOpen = 64;            // blocks at once; Anthropic's come one after the other
constexpr std::size_t kMaxThinking = 16 << 20;  // kept to be sent once more, whole

std::string text_delta(std::string_view field, std::string_view text) {
  json::Writer w;
  w.begin_object().key(field).string(text).end_object();
  return w.take();
}

std::string arguments_delta(std::size_t call, std::string_view arguments) {
  json::Writer w;
  w.begin_object().key("tool_calls").begin_array().begin_object().key("index").number(call);
  w.key("function").begin_object().key("arguments").string(arguments).end_object();
  w.end_object().end_array().end_object();
  return w.take();
}

std::string thinking_delta(const MessageBlock& block) {
  json::Writer w;
  w.begin_object().key("thinking_blocks").begin_array();
  write_thinking(w, block);
  w.end_array().end_object();
  return w.take();
}

}  // namespace

Result<std::string> ChatChunkStream::feed(std::string_view bytes) {
  parser_.feed(bytes);
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<SseEvent> event, parser_.next());
    if (!event) return std::exchange(out_, {});
    if (!finished_) {
      HEARTH_TRY(take(event->data));
    }
  }
}

Result<void> ChatChunkStream::end() const {
  if (finished_) return {};
  return fail(Errc::unavailable, "the model's answer was cut off before its end; ask again");
}

std::string ChatChunkStream::chunk_head() const {
  json::Writer w;
  w.begin_object().key("id").string(id_).key("object").plain_string("chat.completion.chunk");
  w.key("created").number(created_).key("model").string(model_);
  return w.take();
}

void ChatChunkStream::emit(std::string_view delta, std::string_view reason) {
  std::string chunk = chunk_head();
  chunk += fmt::format(R"(,"choices":[{{"index":0,"delta":{},"logprobs":null,"finish_reason":)", delta);
  chunk += reason.empty() ? "null" : fmt::format(R"("{}")", reason);
  chunk += "}]";
  if (include_usage_) chunk += R"(,"usage":null)";
  out_ += encode_sse(chunk + '}');
}

Result<void> ChatChunkStream::take(std::string_view data) {
  HEARTH_TRY_ASSIGN(MessageEvent event, decode_message_event(data));
  if (event.type == "error") return fail(message_error(event));
  if (event.type == "ping") return {};
  merge(usage_, event.counts);
  if (event.type == "message_start") {
    if (started_) return fail(Errc::protocol_error, "the model's answer begins twice");
    started_ = true;
    id_ = std::move(event.id);
    model_ = std::move(event.model);
    emit(R"({"role":"assistant","content":""})");
    return {};
  }
  if (!started_) return fail(Errc::protocol_error, "the model's answer goes on before it began");
  if (event.type == "content_block_start") return begin(event);
  if (event.type == "content_block_delta") return add(event);
  if (event.type == "content_block_stop") close(event.index);
  if (event.type == "message_delta" && !event.stop_reason.empty()) stop_reason_ = event.stop_reason;
  if (event.type == "message_stop") finish();
  return {};
}

Result<void> ChatChunkStream::begin(MessageEvent& event) {
  if (open_.size() >= kMaxOpen || open_.contains(event.index))
    return fail(Errc::protocol_error, "the model's answer begins blocks that it does not end");
  Block& open = open_[event.index];
  MessageBlock& block = event.block;
  if (block.type == "text") {
    open.kind = Block::Kind::text;
    if (!block.text.empty()) emit(text_delta("content", block.text));
  } else if (block.type == "thinking") {
    open.kind = Block::Kind::thinking;
    if (!block.thinking.empty()) emit(text_delta("reasoning_content", block.thinking));
    open.thinking = std::move(block.thinking);
    open.signature = std::move(block.signature);
  } else if (block.type == "redacted_thinking") {
    emit(thinking_delta(block));
  } else if (block.type == "tool_use") {
    open.kind = Block::Kind::tool;
    open.call = calls_++;
    open.input = block.input.empty() ? "{}" : std::move(block.input);
    json::Writer w;
    w.begin_object().key("tool_calls").begin_array().begin_object().key("index").number(open.call);
    w.key("id").string(block.id).key("type").plain_string("function");
    w.key("function").begin_object().key("name").string(block.name).key("arguments").plain_string("").end_object();
    w.end_object().end_array().end_object();
    emit(w.take());
  }
  return {};  // the server's own tools and what they found are no business of the client's
}

Result<void> ChatChunkStream::add(const MessageEvent& event) {
  const auto found = open_.find(event.index);
  if (found == open_.end()) return fail(Errc::protocol_error, "the model's answer adds to a block that is not there");
  Block& open = found->second;
  if (event.text.empty()) return {};
  if (open.kind == Block::Kind::text && event.delta_type == "text_delta") {
    emit(text_delta("content", event.text));
  } else if (open.kind == Block::Kind::thinking && event.delta_type == "thinking_delta") {
    if (open.thinking.size() + event.text.size() > kMaxThinking)
      return fail(Errc::too_large, "the model thinks longer than this box can keep");
    open.thinking += event.text;
    emit(text_delta("reasoning_content", event.text));
  } else if (open.kind == Block::Kind::thinking && event.delta_type == "signature_delta") {
    if (open.signature.size() + event.text.size() > kMaxThinking)
      return fail(Errc::too_large, "the model's signature is longer than this box can keep");
    open.signature += event.text;
  } else if (open.kind == Block::Kind::tool && event.delta_type == "input_json_delta") {
    open.input.clear();
    emit(arguments_delta(open.call, event.text));
  }
  return {};
}

void ChatChunkStream::close(std::int64_t index) {
  const auto found = open_.find(index);
  if (found == open_.end()) return;
  Block& open = found->second;
  if (open.kind == Block::Kind::tool && !open.input.empty()) emit(arguments_delta(open.call, open.input));
  if (open.kind == Block::Kind::thinking && !open.signature.empty()) {
    MessageBlock block;
    block.type = "thinking";
    block.thinking = std::move(open.thinking);
    block.signature = std::move(open.signature);
    emit(thinking_delta(block));
  }
  open_.erase(found);
}

void ChatChunkStream::finish() {
  finished_ = true;
  while (!open_.empty()) close(open_.begin()->first);
  emit("{}", finish_reason(stop_reason_));
  if (include_usage_) {
    json::Writer w;
    write_chat_usage(w, usage_);
    out_ += encode_sse(fmt::format(R"({},"choices":[],"usage":{}}})", chunk_head(), w.take()));
  }
  out_ += kSseDone;
}

}  // namespace hearth::dialects
