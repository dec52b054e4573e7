#include "json.h"

#include <fmt/format.h>

namespace hearth::tool::json {
namespace {

void write(std::string& out, const value& v, std::size_t depth) {
  const std::string indent(2 * (depth + 1), ' ');
  const std::string outer(2 * depth, ' ');
  if (const auto* o = v.if_object(); o != nullptr && !o->empty()) {
    out += "{\n";
    for (std::size_t i = 0; const auto& [key, item] : *o) {
      out += indent + boost::json::serialize(boost::json::string(key)) + ": ";
      write(out, item, depth + 1);
      out += ++i < o->size() ? ",\n" : "\n";
    }
    out += outer + "}";
    return;
  }
  if (const auto* a = v.if_array(); a != nullptr && !a->empty() && (a->front().is_object() || a->front().is_string())) {
    out += "[\n";
    for (std::size_t i = 0; const value& item : *a) {
      out += indent;
      write(out, item, depth + 1);
      out += ++i < a->size() ? ",\n" : "\n";
    }
    out += outer + "]";
    return;
  }
  if (const double* d = v.if_double()) {
    out += fmt::format("{}", *d);  // the shortest digits that read back the same, not 4.2E-1
    return;
  }
  if (const auto* a = v.if_array()) {
    out += "[";
    for (std::size_t i = 0; const value& item : *a) {
      write(out, item, depth);
      if (++i < a->size()) out += ", ";
    }
    out += "]";
    return;
  }
  out += boost::json::serialize(v);
}

}  // namespace

Result<value> parse(std::string_view text) {
  boost::system::error_code ec;
  boost::json::parse_options options;
  options.max_depth = 64;
  value v = boost::json::parse(text, ec, {}, options);
  if (ec) return fail(Errc::protocol_error, "The answer is not JSON; is it a hearthd that listens there?");
  return v;
}

const value& field(const value& from, std::string_view name) {
  static const value kNull;
  const object* o = from.if_object();
  if (o == nullptr) return kNull;
  const value* found = o->if_contains(name);
  return found == nullptr ? kNull : *found;
}

std::string text(const value& from, std::string_view name) {
  const auto* s = field(from, name).if_string();
  return s == nullptr ? std::string() : std::string(s->data(), s->size());
}

double number(const value& from, std::string_view name, double fallback) {
  const value& v = field(from, name);
  if (!v.is_number()) return fallback;
  return v.to_number<double>();
}

bool flag(const value& from, std::string_view name) {
  const bool* b = field(from, name).if_bool();
  return b != nullptr && *b;
}

const array& list(const value& from, std::string_view name) {
  static const array kEmpty;
  const array* a = field(from, name).if_array();
  return a == nullptr ? kEmpty : *a;
}

std::string joined(const value& from, std::string_view name, std::string_view separator) {
  std::string out;
  for (const value& item : list(from, name)) {
    const auto* s = item.if_string();
    if (s == nullptr) continue;
    if (!out.empty()) out += separator;
    out.append(s->data(), s->size());
  }
  return out;
}

std::string pretty(const value& v) {
  std::string out;
  write(out, v, 0);
  return out + "\n";
}

}  // namespace hearth::tool::json
