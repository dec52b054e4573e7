// What the decoders read JSON with: simdjson's On-Demand walks the structure, and typed getters produce the right
// ApiError with the field's path in `param`. Private to this room.
//
// One pass, front to back: each value is looked at once, in document order. Everything that is not asked for is still
// checked to be well-formed, so that nothing is passed on that the next parser might read differently.
#pragma once

#include "src/loaned_parser.h"

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/json_body.h>

#include <simdjson.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hearth::dialects::json {

namespace od = simdjson::ondemand;

inline constexpr int kMaxDepth = 64;

// Where a value is, as a chain on the stack: nothing is allocated until an error wants the text.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // of a field; empty for an array's item
  std::size_t index = 0;
  int depth = 0;

  [[nodiscard]] Path field(std::string_view field_name) const { return {this, field_name, 0, depth + 1}; }
  [[nodiscard]] Path item(std::size_t i) const { return {this, {}, i, depth + 1}; }
  // "input[3]", "document.image_url"; empty for the root.
  [[nodiscard]] std::string text() const;
};

enum class Kind { object, array, string, number, boolean, null, malformed };

// What all values of one document share.
struct Context {
  std::string_view body;
  od::document* document = nullptr;
  std::shared_ptr<std::string> unescaped;  // texts that had escapes; reserved once, so that views into it stay

  [[nodiscard, gnu::cold]] ApiError malformed(simdjson::error_code code, const Path& path) const;
};

// Which of the fields that were asked for an object has (null counts as absent).
class Fields {
 public:
  Fields(std::span<const std::string_view> names, const Path& path) : names_(names), path_(&path) {}
  [[nodiscard]] bool has(std::string_view name) const;
  // missing_required_parameter if it is absent or null.
  [[nodiscard]] Decoded<void> require(std::string_view name) const;

  // Index of a field by its name; names_.size() if it is none of ours.
  [[nodiscard]] std::size_t find(std::string_view name) const;
  [[nodiscard]] bool mark_seen(std::size_t i);  // false if it was seen before
  void mark_present(std::size_t i) { present_ |= bit(i); }

 private:
  static std::uint64_t bit(std::size_t i) { return std::uint64_t{1} << i; }
  std::span<const std::string_view> names_;
  const Path* path_;
  std::uint64_t seen_ = 0;
  std::uint64_t present_ = 0;
};

class Value;

// Who is told of each field or item, while the call lasts. The walk itself exists once: simdjson is all inline, and a
// copy of it in each decoder would be megabytes of code that no cache holds.
class FieldVisitor {
 public:
  template <typename Visit>
  explicit FieldVisitor(Visit& visit);
  Decoded<void> field(std::string_view name, Value& value) const { return field_(visit_, name, value); }
  [[nodiscard]] bool wants_others() const { return other_ != nullptr; }
  Decoded<void> other(std::string_view name, Value& value) const { return other_(visit_, name, value); }

 private:
  void* visit_;
  Decoded<void> (*field_)(void*, std::string_view, Value&);
  Decoded<void> (*other_)(void*, std::string_view, Value&) = nullptr;
};

class ItemVisitor {
 public:
  template <typename Visit>
  explicit ItemVisitor(Visit& visit);
  Decoded<void> item(std::size_t i, Value& value) const { return item_(visit_, i, value); }

 private:
  void* visit_;
  Decoded<void> (*item_)(void*, std::size_t, Value&);
};

class Value {
 public:
  Value(od::value value, const Path& path, Context& context);

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] const Path& path() const { return *path_; }
  // Where a scalar lies in the body.
  [[nodiscard]] Span span() const;

  // A text: a view into the body, or into Context::unescaped if it has escapes.
  Decoded<std::string_view> text();
  Decoded<std::string> string();
  // Like string(), but not empty and at most `max_bytes` long.
  Decoded<std::string> name(std::size_t max_bytes = 256);
  Decoded<bool> boolean();
  Decoded<std::int64_t> integer(std::int64_t low, std::int64_t high);
  Decoded<double> number(double low = std::numeric_limits<double>::lowest(),
                         double high = std::numeric_limits<double>::max());

  // visit(index, Value) → Decoded<void> for each item. `max_items`: array_above_max_length past it.
  template <typename Visit>
  Decoded<void> each_item(std::size_t max_items, Visit visit);
  // visit(name, Value) → Decoded<void> for each field of `names` that is there and not null; if it has it,
  // visit.other(name, Value) for every other one.
  template <typename Visit>
  Decoded<Fields> each_field(std::span<const std::string_view> names, Visit visit);

  // Well-formed, whatever it is.
  Decoded<void> check();
  // The same, and its bytes as they stand in the body: numbers and the order of keys stay what they were.
  Decoded<std::string_view> raw();

  // "`speed` must be a number, not a string."
  [[nodiscard, gnu::cold]] ApiError wrong_type(std::string_view wanted) const;
  [[nodiscard, gnu::cold]] ApiError refuse(ApiCode code, std::string_view sentence_after_name) const;

 private:
  Decoded<Fields> read_fields(std::span<const std::string_view> names, const FieldVisitor& visit);
  Decoded<void> read_items(std::size_t max_items, const ItemVisitor& visit);
  [[nodiscard, gnu::cold]] ApiError malformed(simdjson::error_code code = simdjson::TAPE_ERROR) const {
    return context_->malformed(code, *path_);
  }

  od::value value_;
  std::string_view token_;  // as it stands in the body; of a structure, its bracket
  const Path* path_;
  Context* context_;
};

// One body. Neither copied nor moved: the values point into it.
class Document {
 public:
  explicit Document(const JsonBody& body);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // The fields of the object that the body must be. empty_body, invalid_utf8, invalid_json, nesting_too_deep, and what
  // `visit` returns.
  template <typename Visit>
  Decoded<Fields> each_field(std::span<const std::string_view> names, Visit visit);

  [[nodiscard]] std::shared_ptr<const std::string> unescaped() const { return context_.unescaped; }

 private:
  Decoded<Fields> read_fields(std::span<const std::string_view> names, const FieldVisitor& visit);
  Decoded<od::object> open();
  Decoded<void> close();

  Context context_;
  Path root_;
  LoanedParser parser_;
  od::document document_;
};

// A failed reading of what an engine sent: protocol_error (too_large for limits), with `what` in front.
Error engine_fault(const ApiError& error, std::string_view what);

// ---- templates

template <typename Visit>
FieldVisitor::FieldVisitor(Visit& visit) : visit_(&visit) {
  field_ = [](void* of, std::string_view name, Value& value) -> Decoded<void> {
    return (*static_cast<Visit*>(of))(name, value);
  };
  if constexpr (requires(std::string_view name, Value& value) { visit.other(name, value); }) {
    other_ = [](void* of, std::string_view name, Value& value) -> Decoded<void> {
      return static_cast<Visit*>(of)->other(name, value);
    };
  }
}

template <typename Visit>
ItemVisitor::ItemVisitor(Visit& visit) : visit_(&visit) {
  item_ = [](void* of, std::size_t i, Value& value) -> Decoded<void> { return (*static_cast<Visit*>(of))(i, value); };
}

template <typename Visit>
Decoded<Fields> Value::each_field(std::span<const std::string_view> names, Visit visit) {
  return read_fields(names, FieldVisitor(visit));
}

template <typename Visit>
Decoded<void> Value::each_item(std::size_t max_items, Visit visit) {
  return read_items(max_items, ItemVisitor(visit));
}

template <typename Visit>
Decoded<Fields> Document::each_field(std::span<const std::string_view> names, Visit visit) {
  return read_fields(names, FieldVisitor(visit));
}

}  // namespace hearth::dialects::json
