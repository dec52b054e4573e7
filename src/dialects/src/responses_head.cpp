#include "src/json_reader.h"
#include "src/request_facts.h"

#include <hearth/dialects/responses_upstream.h>

#include <fmt/format.h>

#include <array>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxItems = 1'000'000;  // the body's size is the real bound
constexpr std::size_t kMaxId = 512;

// Of an item's type, with its quotes: what came of a tool, or of a question about one, is what the model goes on from.
bool is_result(std::string_view type) {
  return type.ends_with("_output\"") || type == "\"mcp_approval_response\"";
}

struct HeadReader {
  ResponsesHead& into;
  Opening opening = {};

  Decoded<void> operator()(std::string_view name, json::Value value) {
    ForwardHead& head = into.forward;
    if (name == "model") {
      head.model_at = value.span();
      HEARTH_TRY_ASSIGN(head.model, value.name());
      return {};
    }
    if (name == "stream") {
      HEARTH_TRY_ASSIGN(head.stream, value.boolean());
      return {};
    }
    if (name == "input") return input(value);
    if (name == "instructions") {
      HEARTH_TRY_ASSIGN(const std::string_view raw, value.raw());
      opening.add("instructions", raw);
      return {};
    }
    if (name == "tools") head.facts.tools = true;
    if (name == "max_output_tokens" && value.kind() == json::Kind::number) {
      HEARTH_TRY_ASSIGN(head.facts.bounds.max_output, count_of(value));
      return {};
    }
    if (name == "store") {
      // What is no boolean is for whoever answers to complain of.
      HEARTH_TRY_ASSIGN(const std::string_view raw, value.raw());
      into.stored = raw != "false";
      return {};
    }
    if (name == "background") return check_background(value);
    if (name == "previous_response_id" || name == "conversation") return kept(name, value);
    return value.check();
  }

 private:
  // An id, or {"id"}.
  Decoded<void> kept(std::string_view name, json::Value& value) const {
    static constexpr std::array<std::string_view, 1> kId{"id"};
    std::string id;
    if (value.kind() == json::Kind::object) {
      HEARTH_TRY(value.each_field(kId, [&id](std::string_view, json::Value field) -> Decoded<void> {
        HEARTH_TRY_ASSIGN(id, field.name(kMaxId));
        return {};
      }));
    } else {
      HEARTH_TRY_ASSIGN(id, value.name(kMaxId));
    }
    if (id.empty() || (!into.kept.empty() && name == "conversation")) return {};
    into.kept_in = name;
    into.kept = std::move(id);
    return {};
  }

  Decoded<void> input(json::Value& value) {
    if (value.kind() != json::Kind::array) {
      HEARTH_TRY_ASSIGN(const std::string_view raw, value.raw());
      opening.add("\"user\"", raw);
      return {};
    }
    std::string_view type;
    HEARTH_TRY(value.each_item(kMaxItems, [&](std::size_t, json::Value one) -> Decoded<void> {
      type = {};
      return one.kind() == json::Kind::object ? item(one, type) : one.check();
    }));
    into.forward.facts.conversation.after_tool = is_result(type);
    return {};
  }

  Decoded<void> item(json::Value& value, std::string_view& type) {
    static constexpr std::array<std::string_view, 3> kNames{"type", "role", "content"};
    std::string_view role;
    std::string_view content;
    HEARTH_TRY(value.each_field(kNames, [&](std::string_view name, json::Value field) -> Decoded<void> {
      HEARTH_TRY_ASSIGN((name == "type" ? type : name == "role" ? role : content), field.raw());
      return {};
    }));
    opening.add(role.empty() ? type : role, content);
    return {};
  }
};

}  // namespace

Decoded<ResponsesHead> decode_responses_head(const JsonBody& request) {
  static constexpr std::array<std::string_view, 10> kNames{
      "model", "stream",     "input",        "instructions",        "tools", "max_output_tokens",
      "store", "background", "conversation", "previous_response_id"};
  ResponsesHead head;
  HeadReader reader{head};
  json::Document document(request);
  const auto read = [&reader](std::string_view name, json::Value value) { return reader(name, value); };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kNames, read));
  HEARTH_TRY(fields.require("model"));
  head.forward.facts.conversation.opening = reader.opening.hash();
  count_pictures(request.view(), head.forward.facts.bounds);
  return head;
}

}  // namespace hearth::dialects
