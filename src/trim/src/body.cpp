#include "src/body.h"

#include "src/characters.h"
#include "src/json_string.h"

#include <simdjson.h>

#include <functional>

namespace hearth::trim {
namespace {

namespace od = simdjson::ondemand;

static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

// Thrown nowhere: a failed read is a value that each step passes on.
using Done = bool;
constexpr Done kBad = false;
constexpr Done kGood = true;

enum class Kind { text, list, object, other };

Kind kind_of(od::value& value) {
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return Kind::other;
  if (type == od::json_type::string) return Kind::text;
  if (type == od::json_type::array) return Kind::list;
  return type == od::json_type::object ? Kind::object : Kind::other;
}

template <typename Visit>
Done each_item(od::value& value, Visit visit) {
  od::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return kBad;
  for (auto entry : array) {
    od::value item;
    if (std::move(entry).get(item) != simdjson::SUCCESS || !visit(item)) return kBad;
  }
  return kGood;
}

// visit(name, value, where the name begins)
template <typename Visit>
Done each_field(od::object& object, Visit visit) {
  for (auto entry : object) {
    od::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return kBad;
    const char* const begin = field.key().raw() - 1;
    std::string_view name;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return kBad;
    od::value value = field.value();
    if (!visit(name, value, begin)) return kBad;
  }
  return kGood;
}

template <typename Visit>
Done each_field(od::value& value, Visit visit) {
  od::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return kBad;
  return each_field(object, visit);
}

std::string_view token_of(od::value& value) {
  return stripped(value.raw_json_token());
}

std::string text_of(od::value& value) {
  if (kind_of(value) != Kind::text) return {};
  return decode_string(token_of(value)).value_or(std::string());
}

// Names that were met in one object. A second one of a name can be read in two ways.
class Once {
 public:
  explicit Once(std::initializer_list<std::string_view> names) : names_(names) {}
  // npos: none of ours.
  [[nodiscard]] bool again(std::string_view name) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] != name) continue;
      const bool seen = ((seen_ >> i) & 1U) != 0;
      seen_ |= 1U << i;
      return seen;
    }
    return false;
  }

 private:
  std::vector<std::string_view> names_;
  unsigned seen_ = 0;
};

// A message, or a block within one, as it is read.
struct Block {
  std::string type;
  std::string call;  // the id of the call whose result it is
  std::string id;
  ToolCall tool;
  std::vector<Text> texts;  // of a result's content, or its own
  std::vector<Block> blocks{};
};

class Reader {
 public:
  explicit Reader(std::string_view body) : bytes_(body) {}

  std::optional<Body> read() {
    od::object outer;
    if (parser_.iterate(bytes_.data(), bytes_.size(), bytes_.size() + kPadding).get(document_) != simdjson::SUCCESS)
      return std::nullopt;
    if (document_.get_object().get(outer) != simdjson::SUCCESS) return std::nullopt;
    Once once{"messages", "tools", "tool_choice"};
    const auto read_field = [&](std::string_view name, od::value& value, const char* begin) {
      if (once.again(name)) return kBad;
      body_.fields.push_back({std::string(name), {at(begin), 0}});
      return field(name, value);
    };
    if (!each_field(outer, read_field)) return std::nullopt;
    if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS) return std::nullopt;
    close_fields();
    return std::move(body_);
  }

 private:
  [[nodiscard]] std::size_t at(const char* place) const { return static_cast<std::size_t>(place - bytes_.data()); }
  // Of a part of the body.
  [[nodiscard]] std::size_t at(std::string_view part) const {
    return static_cast<std::size_t>(part.begin() - bytes_.begin());
  }

  Done field(std::string_view name, od::value& value) {
    if (name == "messages") return messages(value);
    if (name == "tools") return tools(value);
    if (name == "tool_choice") return choice(value);
    if (name == "context_management") body_.edits_context = true;
    return kGood;
  }

  // Where what was read last ends: behind it there is white space only, before what is read next.
  std::optional<std::size_t> end_of_last() {
    const char* next = nullptr;
    if (document_.current_location().get(next) != simdjson::SUCCESS) return std::nullopt;
    std::size_t end = at(next);
    while (end > 0 && is_space(bytes_[end - 1])) --end;
    return end;
  }

  Done messages(od::value& value) {
    constexpr std::size_t kFactor = 0x9E3779B97F4A7C15;  // an odd number spreads what came before
    std::size_t hash = 0;
    return each_item(value, [&](od::value& item) {
      const std::size_t begin = at(item.raw_json_token());
      if (!message(item)) return kBad;
      const auto end = end_of_last();
      if (!end || *end < begin) return kBad;
      hash = hash * kFactor + std::hash<std::string_view>()(bytes_.substr(begin, *end - begin));
      body_.messages.push_back(hash);
      return kGood;
    });
  }

  Done message(od::value& value) {
    std::string role;
    Block whole;
    Once once{"role", "content", "tool_call_id", "tool_calls"};
    const auto read = [&](std::string_view name, od::value& field, const char*) {
      if (once.again(name)) return kBad;
      if (name == "role") role = text_of(field);
      if (name == "tool_call_id") whole.call = text_of(field);
      if (name == "content") return content(field, whole);
      if (name == "tool_calls" && kind_of(field) == Kind::list) return calls(field);
      return kGood;
    };
    if (!each_field(value, read)) return kBad;
    if (role == "assistant") {
      body_.answered = true;
      for (Block& block : whole.blocks)
        if (block.type == "tool_use") note_call(block.id, std::move(block.tool));
    } else if (role == "tool") {
      take(whole.texts, Speaker::tool, whole.call);
      for (Block& block : whole.blocks) take(block.texts, Speaker::tool, whole.call);
    } else if (role == "user") {
      take(whole.texts, Speaker::user, {});
      for (Block& block : whole.blocks) {
        const bool result = block.type == "tool_result";
        if (result || block.type == "text") take(block.texts, result ? Speaker::tool : Speaker::user, block.call);
      }
    }
    return kGood;
  }

  // A text, or blocks of which some are.
  Done content(od::value& value, Block& into) {
    const Kind kind = kind_of(value);
    if (kind == Kind::text) {
      const std::string_view token = token_of(value);
      into.texts.push_back({.token = {at(token), token.size()}});
    }
    if (kind != Kind::list) return kGood;
    return each_item(value, [&](od::value& item) {
      if (kind_of(item) != Kind::object) return kGood;
      return block(item, into.blocks.emplace_back());
    });
  }

  Done block(od::value& value, Block& into) {
    Once once{"type", "text", "content", "tool_use_id", "id", "name", "input"};
    const auto read = [&](std::string_view name, od::value& field, const char*) {
      if (once.again(name)) return kBad;
      if (name == "type") into.type = text_of(field);
      if (name == "tool_use_id") into.call = text_of(field);
      if (name == "id") into.id = text_of(field);
      if (name == "name") into.tool.name = text_of(field);
      if (name == "input") return raw(field, into.tool.arguments);
      if (name == "text" && kind_of(field) == Kind::text) {
        const std::string_view token = token_of(field);
        into.texts.push_back({.token = {at(token), token.size()}});
      }
      // A result's content has blocks itself, and these have no further ones.
      if (name == "content" && ++depth_ <= 2) {
        const Done done = content(field, into);
        --depth_;
        return done;
      }
      return kGood;
    };
    const int depth = depth_;
    const Done done = each_field(value, read);
    depth_ = depth;
    if (!done) return kBad;
    const auto end = end_of_last();
    if (!end) return kBad;
    if (into.type == "text")
      for (Text& text : into.texts) text.block_end = end;
    // What a result's blocks say, it says; a picture in one is none of ours.
    for (Block& inner : into.blocks)
      if (inner.type == "text") into.texts.insert(into.texts.end(), inner.texts.begin(), inner.texts.end());
    return kGood;
  }

  Done calls(od::value& value) {
    return each_item(value, [&](od::value& item) {
      std::string id;
      ToolCall call;
      const auto read_function = [&](std::string_view name, od::value& field, const char*) {
        if (name == "name") call.name = text_of(field);
        if (name == "arguments") call.arguments = text_of(field);
        return kGood;
      };
      const auto read = [&](std::string_view name, od::value& field, const char*) {
        if (name == "id") id = text_of(field);
        if (name == "function" && kind_of(field) == Kind::object) return each_field(field, read_function);
        return kGood;
      };
      if (kind_of(item) != Kind::object) return kGood;
      if (!each_field(item, read)) return kBad;
      note_call(id, std::move(call));
      return kGood;
    });
  }

  void note_call(const std::string& id, ToolCall call) {
    body_.called = true;
    calls_.insert_or_assign(id, std::move(call));
  }

  void take(std::vector<Text>& texts, Speaker speaker, const std::string& call) {
    for (Text& text : texts) {
      text.speaker = speaker;
      text.message = body_.messages.size();
      if (const auto found = calls_.find(call); speaker == Speaker::tool && found != calls_.end())
        text.call = found->second;
      body_.texts.push_back(std::move(text));
    }
  }

  Done raw(od::value& value, std::string& into) {
    const Kind kind = kind_of(value);
    std::string_view json;
    if (kind == Kind::object) {
      od::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) return kBad;
      if (object.raw_json().get(json) != simdjson::SUCCESS) return kBad;
    } else if (kind != Kind::list) {
      json = token_of(value);
    }
    into = json;
    return kGood;
  }

  Done tools(od::value& value) {
    if (kind_of(value) != Kind::list) return kGood;
    return each_item(value, [&](od::value& item) {
      od::object object;
      std::string_view json;
      if (kind_of(item) != Kind::object || item.get_object().get(object) != simdjson::SUCCESS) return kBad;
      if (object.raw_json().get(json) != simdjson::SUCCESS) return kBad;
      json = stripped(json);
      body_.tools.push_back({at(json), json.size()});
      return kGood;
    });
  }

  // "none", {"type":"function","function":{"name":"f"}}; {"type":"none"}, {"type":"tool","name":"f"}.
  Done choice(od::value& value) {
    ToolChoice& choice = body_.choice;
    if (kind_of(value) == Kind::text && text_of(value) == "none") choice.kind = ToolChoice::Kind::none;
    if (kind_of(value) != Kind::object) return kGood;
    std::string type;
    const auto read_function = [&](std::string_view name, od::value& field, const char*) {
      if (name == "name") choice.name = text_of(field);
      return kGood;
    };
    const auto read = [&](std::string_view name, od::value& field, const char*) {
      if (name == "type") type = text_of(field);
      if (name == "name") choice.name = text_of(field);
      if (name == "function" && kind_of(field) == Kind::object) return each_field(field, read_function);
      return kGood;
    };
    if (!each_field(value, read)) return kBad;
    if (type == "none") choice.kind = ToolChoice::Kind::none;
    if ((type == "function" || type == "tool") && !choice.name.empty()) choice.kind = ToolChoice::Kind::one;
    return kGood;
  }

  // A field ends before the comma, or the brace, that is before what follows it.
  void close_fields() {
    std::size_t next = bytes_.size();
    while (next > 0 && is_space(bytes_[next - 1])) --next;
    for (std::size_t i = body_.fields.size(); i-- > 0;) {
      std::size_t end = next - 1;  // the brace
      if (i + 1 < body_.fields.size()) {
        end = next;
        while (bytes_[end - 1] != ',') --end;
        --end;
      }
      while (end > 0 && is_space(bytes_[end - 1])) --end;
      Span& span = body_.fields[i].span;
      span.length = end - span.offset;
      next = span.offset;
    }
  }

  std::string_view bytes_;
  od::parser parser_;
  od::document document_;
  Body body_;
  std::unordered_map<std::string, ToolCall> calls_;
  int depth_ = 0;
};

}  // namespace

std::optional<Body> read_body(std::string_view body) {
  return Reader(body).read();
}

std::string name_of_tool(std::string_view tool) {
  const simdjson::padded_string padded(tool);
  od::parser parser;
  od::document document;
  od::object object;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return {};
  if (document.get_object().get(object) != simdjson::SUCCESS) return {};
  std::string found;
  const auto read_name = [&](std::string_view name, od::value& value, const char*) {
    if (name == "name") found = text_of(value);
    return kGood;
  };
  const auto read = [&](std::string_view name, od::value& value, const char* begin) {
    if (name == "function" && kind_of(value) == Kind::object) return each_field(value, read_name);
    return read_name(name, value, begin);
  };
  return each_field(object, read) ? found : std::string();
}

}  // namespace hearth::trim
