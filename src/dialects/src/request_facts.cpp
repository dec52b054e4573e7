#include "src/request_facts.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace hearth::dialects {
namespace {

// std::string_view::find stops at every first byte of what it looks for, and this begins with the most frequent one.
std::size_t find_bytes(std::string_view text, std::string_view wanted, std::size_t from) {
  const void* found = ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

void Opening::add(std::string_view role, std::string_view content) {
  if (ended_) return;
  const std::hash<std::string_view> hash;
  constexpr std::size_t kFactor = 0x9E3779B97F4A7C15;  // an odd number spreads what came before
  hash_ = hash_ * kFactor + hash(role);
  hash_ = hash_ * kFactor + hash(content);
  ended_ = role == "\"user\"";
}

Decoded<std::uint64_t> count_of(json::Value& value) {
  HEARTH_TRY_ASSIGN(const double number, value.number());
  constexpr double kMost = 1e12;
  return number >= 0 && number <= kMost ? static_cast<std::uint64_t>(number) : 0;
}

Decoded<void> check_background(json::Value& value) {
  HEARTH_TRY_ASSIGN(const bool later, value.boolean());
  if (!later) return {};
  return std::unexpected(value.refuse(
      ApiCode::unsupported_value,
      "asks for an answer later, which this API does not give here; the header `Prefer: respond-async` does."));
}

void count_pictures(std::string_view body, AnswerBounds& bounds) {
  constexpr std::string_view kImage = "\"image_url\"";
  constexpr std::string_view kPicture = "\"data:image/";
  for (std::size_t at = 0; (at = find_bytes(body, kImage, at)) != std::string_view::npos; at += kImage.size())
    ++bounds.images;
  for (std::size_t at = 0; (at = find_bytes(body, kPicture, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(body.find('"', at + 1), body.size());
    bounds.picture_bytes += end - at;
    at = end;
  }
}

}  // namespace hearth::dialects
