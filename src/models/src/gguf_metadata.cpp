#include "gguf_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace hearth::models {
namespace {

enum class Kind : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, list, u64, i64, f64 };
constexpr std::uint32_t kKinds = 13;

// Bytes of one value, 0 where it varies.
constexpr std::array<std::uint64_t, kKinds> kSizes{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

std::uint64_t size_of(Kind kind) {
  return kSizes[std::to_underlying(kind)];
}

// A chat template is searched as far as this, and not kept.
constexpr std::uint64_t kMaxTemplate = 1024 * 1024;

template <std::signed_integral T>
std::uint64_t not_negative(T value) {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

// The value of an integer or bool; nullopt for a float, which is read over.
std::optional<std::uint64_t> read_whole(ByteReader& reader, Kind kind) {
  switch (kind) {
    case Kind::u8:
      return reader.number<std::uint8_t>();
    case Kind::i8:
      return not_negative(reader.number<std::int8_t>());
    case Kind::u16:
      return reader.number<std::uint16_t>();
    case Kind::i16:
      return not_negative(reader.number<std::int16_t>());
    case Kind::u32:
      return reader.number<std::uint32_t>();
    case Kind::i32:
      return not_negative(reader.number<std::int32_t>());
    case Kind::u64:
      return reader.number<std::uint64_t>();
    case Kind::i64:
      return not_negative(reader.number<std::int64_t>());
    case Kind::boolean:
      return reader.number<std::uint8_t>() != 0 ? 1 : 0;
    case Kind::f32:
    case Kind::f64:
    case Kind::text:
    case Kind::list:
      break;
  }
  reader.skip(size_of(kind), "a number");
  return std::nullopt;
}

Kind read_kind(ByteReader& reader) {
  const std::uint64_t at = reader.position();
  const auto number = reader.number<std::uint32_t>();
  if (number >= kKinds) {
    reader.fail_at(at, fmt::format("a value is of type {}, which there is not", number));
    return Kind::u8;
  }
  return static_cast<Kind>(number);
}

void read_list(ByteReader& reader, const std::string& key, GgufValue& value) {
  const Kind kind = read_kind(reader);
  const std::uint64_t at = reader.position();
  value.count = reader.number<std::uint64_t>();
  if (reader.failed()) return;
  if (kind == Kind::list) {
    reader.fail_at(at, fmt::format("'{}' is a list of lists, which no engine reads", key));
    return;
  }
  // A text takes at least the eight bytes of its length.
  const std::uint64_t least = kind == Kind::text ? 8 : size_of(kind);
  if (value.count > reader.remaining() / least) {
    reader.fail_at(at, fmt::format("'{}' would have {} entries, but only {} bytes are left", key, value.count,
                                   reader.remaining()));
    return;
  }
  if (kind == Kind::text) {
    const bool kept = value.count <= GgufMetadata::kKeptTexts;
    for (std::uint64_t i = 0; i < value.count && !reader.failed(); ++i) {
      const auto length = reader.number<std::uint64_t>();
      if (kept) {
        value.texts.push_back(reader.text_prefix(length, GgufMetadata::kKeptListText, key));
      } else {
        reader.skip(length, key);
      }
    }
    return;
  }
  if (value.count > GgufMetadata::kKeptNumbers || kind == Kind::f32 || kind == Kind::f64) {
    reader.skip(value.count * size_of(kind), key);
    return;
  }
  for (std::uint64_t i = 0; i < value.count && !reader.failed(); ++i) {
    const std::uint64_t whole = read_whole(reader, kind).value_or(0);
    value.numbers.push_back(
        static_cast<std::uint32_t>(std::min<std::uint64_t>(whole, std::numeric_limits<std::uint32_t>::max())));
  }
}

void read_text(ByteReader& reader, const std::string& key, GgufValue& value) {
  const auto length = reader.number<std::uint64_t>();
  const bool is_template = key.starts_with("tokenizer.chat_template");
  value.text = reader.text_prefix(length, is_template ? kMaxTemplate : GgufMetadata::kKeptText, key);
  value.mentions_tools = is_template && value.text.contains("tools");
  if (value.text.size() > GgufMetadata::kKeptText) {
    value.text.resize(GgufMetadata::kKeptText);
    value.text.shrink_to_fit();
  }
}

}  // namespace

GgufMetadata GgufMetadata::read(ByteReader& reader, std::uint64_t count) {
  GgufMetadata metadata;
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    const std::uint64_t at = reader.position();
    std::string key = reader.text(reader.number<std::uint64_t>(), kMaxKey, "a key");
    GgufValue value;
    const Kind kind = read_kind(reader);
    if (reader.failed()) break;
    if (kind == Kind::text) {
      read_text(reader, key, value);
    } else if (kind == Kind::list) {
      read_list(reader, key, value);
    } else {
      value.whole = read_whole(reader, kind);
    }
    const auto [known, fresh] = metadata.values_.try_emplace(std::move(key), std::move(value));
    if (!fresh) reader.fail_at(at, fmt::format("the key '{}' is there twice", known->first));
  }
  return metadata;
}

const GgufValue* GgufMetadata::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::uint32_t GgufMetadata::number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value || !value->whole || *value->whole > std::numeric_limits<std::uint32_t>::max()) return 0;
  return static_cast<std::uint32_t>(*value->whole);
}

std::uint32_t GgufMetadata::largest(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value && !value->numbers.empty()) return std::ranges::max(value->numbers);
  return number(key);
}

std::string GgufMetadata::text(std::string_view key) const {
  const GgufValue* value = find(key);
  return value ? value->text : std::string();
}

bool GgufMetadata::flag(std::string_view key, bool otherwise) const {
  const GgufValue* value = find(key);
  return value && value->whole ? *value->whole != 0 : otherwise;
}

bool GgufMetadata::any_with_prefix(std::string_view prefix) const {
  const auto next = values_.lower_bound(prefix);
  return next != values_.end() && next->first.starts_with(prefix);
}

}  // namespace hearth::models
