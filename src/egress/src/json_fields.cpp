#include <hearth/egress/json_fields.h>

#include <fmt/format.h>

namespace hearth::egress::json {

Result<value> parse(std::string_view text, std::string_view what) {
  constexpr std::size_t kMost = std::size_t{8} << 20U;
  if (text.size() > kMost) return fail(Errc::protocol_error, fmt::format("{} is larger than 8 MiB", what));
  boost::json::error_code ec;
  value parsed = boost::json::parse(text, ec);
  if (ec) return fail(Errc::protocol_error, fmt::format("{} is not JSON ({})", what, ec.message()));
  return parsed;
}

const value& field(const value& from, std::string_view name) {
  static const value none;
  const object* o = from.if_object();
  const value* v = o != nullptr ? o->if_contains(name) : nullptr;
  return v != nullptr ? *v : none;
}

std::string text(const value& from, std::string_view name) {
  const boost::json::string* s = field(from, name).if_string();
  return s != nullptr ? std::string(s->data(), s->size()) : std::string();
}

std::optional<std::uint64_t> size(const value& from, std::string_view name) {
  constexpr std::int64_t kMost = std::int64_t{1} << 50U;
  const std::int64_t* n = field(from, name).if_int64();
  if (n == nullptr || *n < 0 || *n > kMost) return std::nullopt;
  return static_cast<std::uint64_t>(*n);
}

bool flag(const value& from, std::string_view name) {
  const bool* b = field(from, name).if_bool();
  return b != nullptr && *b;
}

const array& list(const value& from, std::string_view name) {
  static const array none;
  const array* a = field(from, name).if_array();
  return a != nullptr ? *a : none;
}

}  // namespace hearth::egress::json
