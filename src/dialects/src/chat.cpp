#include "src/chat_usage.h"
#include "src/json_reader.h"

#include <hearth/dialects/chat.h>

#include <algorithm>
#include <array>
#include <functional>

namespace hearth::dialects {

namespace {

constexpr std::size_t kMaxMessages = 1'000'000;  // the body's size is the real bound

Decoded<void> check_messages(json::Value& value) {
  std::size_t messages = 0;
  HEARTH_TRY(value.each_item(kMaxMessages, [&messages](std::size_t, json::Value item) -> Decoded<void> {
    if (item.kind() != json::Kind::object) return std::unexpected(item.wrong_type("an object"));
    ++messages;
    return item.check();
  }));
  if (messages == 0) {
    return std::unexpected(value.refuse(ApiCode::empty_array, "is an empty array; send at least one message."));
  }
  return {};
}

Decoded<void> read_stream_options(json::Value& value, ForwardHead& head) {
  static constexpr std::array<std::string_view, 1> kNames{"include_usage"};
  HEARTH_TRY(value.each_field(kNames, [&head](std::string_view, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(head.include_usage, field.boolean());
    return {};
  }));
  return {};
}

// `others`: the fields besides those of ForwardHead that the endpoint cannot do without.
template <std::size_t N>
Decoded<ForwardHead> decode_head(const JsonBody& body, const std::array<std::string_view, N>& others) {
  std::array<std::string_view, N + 3> names{"model", "stream", "stream_options"};
  for (std::size_t i = 0; i < N; ++i) names[i + 3] = others[i];
  ForwardHead head;
  json::Document document(body);
  const auto read = [&head](std::string_view name, json::Value value) -> Decoded<void> {
    if (name == "model") {
      head.model_at = value.span();
      HEARTH_TRY_ASSIGN(head.model, value.name());
      return {};
    }
    if (name == "stream") {
      HEARTH_TRY_ASSIGN(head.stream, value.boolean());
      return {};
    }
    if (name == "stream_options") return read_stream_options(value, head);
    return name == "messages" ? check_messages(value) : value.check();
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(names, read));
  HEARTH_TRY(fields.require("model"));
  for (const std::string_view name : others) {
    HEARTH_TRY(fields.require(name));
  }
  return head;
}

Decoded<std::uint64_t> count_of(json::Value& value) {
  HEARTH_TRY_ASSIGN(const double number, value.number());
  constexpr double kMost = 1e12;
  return number >= 0 && number <= kMost ? static_cast<std::uint64_t>(number) : 0;
}

}  // namespace

Decoded<ForwardHead> decode_chat_head(const JsonBody& body) {
  return decode_head<1>(body, {"messages"});
}

Decoded<ForwardHead> decode_completion_head(const JsonBody& body) {
  return decode_head<1>(body, {"prompt"});
}

Decoded<ForwardHead> decode_rerank_head(const JsonBody& body) {
  return decode_head<2>(body, {"query", "documents"});
}

Conversation read_conversation(const JsonBody& body) {
  static constexpr std::array<std::string_view, 1> kOuter{"messages"};
  static constexpr std::array<std::string_view, 2> kMessage{"role", "content"};
  Conversation conversation;
  bool opened = false;
  std::string_view role;
  std::string_view content;
  const auto read_field = [&](std::string_view name, json::Value value) -> Decoded<void> {
    HEARTH_TRY_ASSIGN((name == "role" ? role : content), value.raw());
    return {};
  };
  const auto read_message = [&](std::size_t, json::Value item) -> Decoded<void> {
    role = content = {};
    HEARTH_TRY(item.each_field(kMessage, read_field));
    if (opened) return {};
    const std::hash<std::string_view> hash;
    constexpr std::size_t kFactor = 0x9E3779B97F4A7C15;  // an odd number spreads what came before
    conversation.opening = conversation.opening * kFactor + hash(role);
    conversation.opening = conversation.opening * kFactor + hash(content);
    opened = role == "\"user\"";
    return {};
  };
  json::Document document(body);
  const auto read = [&](std::string_view, json::Value value) { return value.each_item(kMaxMessages, read_message); };
  if (!document.each_field(kOuter, read)) return {};
  conversation.after_tool = role == "\"tool\"";
  return conversation;
}

bool has_word(const JsonBody& body, std::string_view word) {
  const std::string quoted = '"' + std::string(word) + '"';  // within a text its last quote would be escaped
  return body.view().find(quoted) != std::string_view::npos;
}

AnswerBounds read_bounds(const JsonBody& body) {
  static constexpr std::array<std::string_view, 4> kNames{"max_tokens", "max_completion_tokens", "max_output_tokens",
                                                          "n"};
  AnswerBounds bounds;
  const auto read = [&bounds](std::string_view name, json::Value value) -> Decoded<void> {
    if (value.kind() != json::Kind::number) return value.check();
    HEARTH_TRY_ASSIGN(const std::uint64_t count, count_of(value));
    if (name == "n") {
      bounds.choices = std::max<std::uint64_t>(1, count);
    } else {
      bounds.max_output = std::max(bounds.max_output.value_or(0), count);
    }
    return {};
  };
  json::Document document(body);
  [[maybe_unused]] const auto fields = document.each_field(kNames, read);
  constexpr std::string_view kImage = "\"image_url\"";
  constexpr std::string_view kPicture = "\"data:image/";
  const std::string_view text = body.view();
  for (std::size_t at = 0; (at = text.find(kImage, at)) != std::string_view::npos; at += kImage.size()) ++bounds.images;
  for (std::size_t at = 0; (at = text.find(kPicture, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find('"', at + 1), text.size());
    bounds.picture_bytes += end - at;
    at = end;
  }
  return bounds;
}

Usage decode_usage(std::string_view answer) {
  static constexpr std::array<std::string_view, 2> kOuter{"usage", "timings"};
  static constexpr std::array<std::string_view, 3> kTimings{"cache_n", "prompt_n", "predicted_n"};
  const JsonBody body = JsonBody::copy_of(answer);
  std::optional<Usage> usage;
  Usage timings;
  json::Document document(body);
  const auto read_timings = [&timings](std::string_view name, json::Value value) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::uint64_t count, count_of(value));
    (name == "predicted_n" ? timings.output_tokens : timings.input_tokens) += count;
    if (name == "cache_n") timings.cached_tokens = count;
    return {};
  };
  const auto read = [&](std::string_view name, json::Value value) -> Decoded<void> {
    if (name == "usage") return read_chat_usage(value, usage.emplace());
    HEARTH_TRY(value.each_field(kTimings, read_timings));
    return {};
  };
  if (!document.each_field(kOuter, read)) return {};
  return usage.value_or(timings);
}

Usage decode_stream_usage(std::string_view tail) {
  constexpr std::string_view kData = "data: ";
  while (!tail.empty()) {
    const std::size_t at = tail.rfind(kData);
    if (at == std::string_view::npos) return {};
    std::string_view event = tail.substr(at + kData.size());
    event = event.substr(0, event.find('\n'));
    const Usage usage = decode_usage(event);
    if (usage != Usage()) return usage;
    tail = tail.substr(0, at);
  }
  return {};
}

}  // namespace hearth::dialects
