#include "message.h"

#include <hearth/core/ascii.h>
#include <hearth/net/http.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::net {
namespace {

constexpr int hex_digit(char c) noexcept {
  if (!is_hex(c)) return -1;
  return is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10;
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return x == y || to_lower(x) == to_lower(y); });
}

namespace {

constexpr std::string_view kBetween = ": ";
constexpr std::string_view kEnd = "\r\n";
constexpr std::size_t kUsualFields = 512;  // bytes

// Takes the first field off `text`.
Headers::Field take_field(std::string_view& text) noexcept {
  const std::string_view line = text.substr(0, text.find(kEnd.front()));
  text.remove_prefix(line.size() + kEnd.size());
  const std::string_view name = line.substr(0, line.find(kBetween.front()));
  return {name, line.substr(name.size() + kBetween.size())};
}

// Begins `text` with a field of that name?
bool begins_with(std::string_view text, std::string_view name) noexcept {
  return text.size() > name.size() && text[name.size()] == kBetween.front() &&
         iequals(text.substr(0, name.size()), name);
}

std::uint64_t kind_of(std::string_view name) noexcept {
  const std::size_t letter = name.empty() ? 0 : static_cast<unsigned char>(to_lower(name.front()));
  return std::uint64_t{1} << ((name.size() * 7 + letter) % 64);
}

constexpr ByteSet kOfAName([](char c) { return kOfALine.contains(c) && c != kBetween.front(); });

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  if (name.empty() || !kOfAName.contains_all(name) || !is_one_line(value)) return;
  kinds_ |= kind_of(name);
  const std::size_t before = text_.size();
  const std::size_t after = before + name.size() + kBetween.size() + value.size() + kEnd.size();
  if (after > text_.capacity()) text_.reserve(std::max(kUsualFields, 2 * after));
  text_.resize_and_overwrite(after, [&](char* text, std::size_t size) {
    char* to = text + before;
    for (const std::string_view part : {name, kBetween, value, kEnd}) to = std::copy_n(part.data(), part.size(), to);
    return size;
  });
}

// What begins with the first field of that name; empty: there is none.
std::string_view Headers::find(std::string_view name) const noexcept {
  if ((kinds_ & kind_of(name)) == 0) return {};
  std::string_view text = text_;
  while (!text.empty() && !begins_with(text, name)) text.remove_prefix(text.find(kEnd.back()) + 1);
  return text;
}

void Headers::set(std::string_view name, std::string_view value) {
  Headers kept;
  for (const Field& field : fields())
    if (!iequals(field.name, name)) kept.add(field.name, field.value);
  kept.add(name, value);
  *this = std::move(kept);
}

std::string_view Headers::get(std::string_view name) const noexcept {
  std::string_view text = find(name);
  return text.empty() ? std::string_view() : take_field(text).value;
}

bool Headers::has(std::string_view name) const noexcept {
  return !find(name).empty();
}

std::vector<Headers::Field> Headers::fields() const {
  std::vector<Field> fields;
  for (std::string_view text = text_; !text.empty();) fields.push_back(take_field(text));
  return fields;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto b = static_cast<unsigned char>(c);
    out += {'%', kDigits[b >> 4U], kDigits[b & 15U]};
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string RequestHead::path() const {
  std::string raw = target.substr(0, target.find('?'));
  if (raw.find('%') == std::string::npos) return raw;
  std::ranges::replace(raw, '+', '\x01');  // a plus is itself in a path
  std::string decoded = percent_decode(raw);
  std::ranges::replace(decoded, '\x01', '+');
  return decoded;
}

std::optional<std::string> RequestHead::query(std::string_view name) const {
  const auto mark = target.find('?');
  if (mark == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(target).substr(mark + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const auto equals = pair.find('=');
    if (percent_decode(pair.substr(0, equals)) != name) continue;
    return equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

}  // namespace hearth::net
