#include "src/chat_usage.h"
#include "src/json_reader.h"
#include "src/request_facts.h"

#include <hearth/dialects/chat.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace hearth::dialects {

namespace {

constexpr std::size_t kMaxMessages = 1'000'000;  // the body's size is the real bound

// RequestFacts, field by field.
class FactsReader {
 public:
  static constexpr std::size_t kFields = 6;
  static constexpr std::array<std::string_view, kFields> kNames{
      "messages", "tools", "max_tokens", "max_completion_tokens", "max_output_tokens", "n"};

  // `name`: one of kNames.
  Decoded<void> field(std::string_view name, json::Value& value) {
    if (name == "messages") return messages(value);
    if (name == "tools") facts_.tools = true;
    if (name == "tools" || value.kind() != json::Kind::number) return value.check();
    HEARTH_TRY_ASSIGN(const std::uint64_t count, count_of(value));
    AnswerBounds& bounds = facts_.bounds;
    if (name == "n") {
      bounds.choices = std::max<std::uint64_t>(1, count);
    } else {
      bounds.max_output = std::max(bounds.max_output.value_or(0), count);
    }
    return {};
  }

  // `body`: the whole of it.
  RequestFacts finish(std::string_view body) {
    count_pictures(body, facts_.bounds);
    facts_.conversation.opening = opening_.hash();
    return facts_;
  }

 private:
  Decoded<void> messages(json::Value& value) {
    std::size_t count = 0;
    std::string_view role;
    HEARTH_TRY(value.each_item(kMaxMessages, [&](std::size_t, json::Value item) -> Decoded<void> {
      ++count;
      return message(item, role);
    }));
    if (count == 0)
      return std::unexpected(value.refuse(ApiCode::empty_array, "is an empty array; send at least one message."));
    facts_.conversation.after_tool = role == "\"tool\"";
    return {};
  }

  Decoded<void> message(json::Value& item, std::string_view& role) {
    static constexpr std::array<std::string_view, 2> kMessage{"role", "content"};
    std::string_view content;
    role = {};
    HEARTH_TRY(item.each_field(kMessage, [&](std::string_view name, json::Value field) -> Decoded<void> {
      HEARTH_TRY_ASSIGN((name == "role" ? role : content), field.raw());
      return {};
    }));
    opening_.add(role, content);
    return {};
  }

  RequestFacts facts_;
  Opening opening_;
};

Decoded<void> read_stream_options(json::Value& value, ForwardHead& head) {
  static constexpr std::array<std::string_view, 1> kNames{"include_usage"};
  HEARTH_TRY(value.each_field(kNames, [&head](std::string_view, json::Value field) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(head.include_usage, field.boolean());
    return {};
  }));
  return {};
}

// `required`: the fields besides the model that the endpoint cannot do without.
Decoded<ForwardHead> decode_head(const JsonBody& body, std::initializer_list<std::string_view> required) {
  static constexpr auto kNames = [] {
    constexpr std::array<std::string_view, 6> kOwn{"model", "stream", "stream_options", "prompt", "query", "documents"};
    std::array<std::string_view, kOwn.size() + FactsReader::kFields> names{};
    std::ranges::copy(FactsReader::kNames, std::ranges::copy(kOwn, names.begin()).out);
    return names;
  }();
  ForwardHead head;
  FactsReader facts;
  json::Document document(body);
  const auto read = [&](std::string_view name, json::Value value) -> Decoded<void> {
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
    if (name == "prompt" || name == "query" || name == "documents") return value.check();
    return facts.field(name, value);
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kNames, read));
  HEARTH_TRY(fields.require("model"));
  for (const std::string_view name : required) {
    HEARTH_TRY(fields.require(name));
  }
  head.facts = facts.finish(body.view());
  return head;
}

}  // namespace

Decoded<ForwardHead> decode_chat_head(const JsonBody& body) {
  return decode_head(body, {"messages"});
}

Decoded<ForwardHead> decode_completion_head(const JsonBody& body) {
  return decode_head(body, {"prompt"});
}

Decoded<ForwardHead> decode_rerank_head(const JsonBody& body) {
  return decode_head(body, {"query", "documents"});
}

TranslatedRequest with_facts(ForwardHead head, JsonBody body, Span model_was_at) {
  FactsReader facts;
  {
    json::Document document(body);
    [[maybe_unused]] const auto fields = document.each_field(
        FactsReader::kNames, [&facts](std::string_view name, json::Value value) { return facts.field(name, value); });
  }
  head.facts = facts.finish(body.view());
  return {std::move(head), std::move(body), model_was_at};
}

Usage decode_usage(const JsonBody& answer) {
  static constexpr std::array<std::string_view, 2> kOuter{"usage", "timings"};
  std::optional<Usage> usage;
  Usage timings;
  json::Document document(answer);
  const auto read = [&](std::string_view name, json::Value value) -> Decoded<void> {
    return name == "usage" ? read_chat_usage(value, usage.emplace()) : read_timings(value, timings);
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
    const Usage usage = decode_usage(JsonBody::copy_of(event));
    if (usage != Usage()) return usage;
    tail = tail.substr(0, at);
  }
  return {};
}

}  // namespace hearth::dialects
