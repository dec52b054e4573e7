#include "request.h"

#include "../texts.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::bench {
namespace {

constexpr std::size_t kDigits = 16;
constexpr std::string_view kNumber = "0000000000000000";

// wrk's numbers begin where ours do not come, each run of it at another.
constexpr std::uint64_t kWrkFirst = 1'000'000'000'000'000;
constexpr std::uint64_t kWrkRun = 100'000'000;

std::string lua_string(std::string_view text) {
  std::string lua = "\"";
  for (const char c : text) {
    if (c == '\r') {
      lua += "\\r";
    } else if (c == '\n') {
      lua += "\\n";
    } else {
      if (c == '"' || c == '\\') lua += '\\';
      lua += c;
    }
  }
  return lua + "\"";
}

}  // namespace

Request::Request(const Target& target, std::string_view options, std::size_t size, Repeats repeats)
    : repeats_(repeats) {
  const std::string before = fmt::format(
      R"({{"model":"{}",{},"temperature":0,"max_tokens":64,"messages":[{{"role":"system","content":"Conversation )",
      target.model, options);
  constexpr std::string_view kBetween = R"("},{"role":"user","content":")";
  constexpr std::string_view kAfter = R"("}]})";
  const std::size_t fixed = before.size() + kDigits + kBetween.size() + kAfter.size();
  std::string words;
  while (words.size() < std::max(size, fixed) - fixed) words += prose(4000) + " ";
  words.resize(std::max(size, fixed) - fixed);
  const std::string body = fmt::format("{}{}{}{}{}", before, kNumber, kBetween, words, kAfter);
  bytes_ = fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n{}\r\n",
      target.port, body.size(), target.fields);
  number_at_ = bytes_.size() + before.size();
  bytes_ += body;
}

Request Request::whole(const Target& target, Payload payload, Repeats repeats) {
  return {target, fmt::format(R"("user":"answer={}")", payload.answer), payload.request, repeats};
}

Request Request::stream(const Target& target, Paced paced) {
  return {target, fmt::format(R"("user":"deltas={} pace_us={}","stream":true)", paced.deltas, paced.pace_us), 512,
          Repeats::differ};
}

std::string_view Request::next() {
  static std::uint64_t number = 0;
  if (repeats_ == Repeats::differ)
    fmt::format_to(bytes_.begin() + static_cast<std::ptrdiff_t>(number_at_), "{:016}", ++number);
  return bytes_;
}

std::string Request::wrk_script() const {
  if (repeats_ == Repeats::same)
    return fmt::format("local all = {}\nrequest = function() return all end\n", lua_string(bytes_));
  static std::uint64_t runs = 0;
  const std::string_view all = bytes_;
  return fmt::format(
      "local before, after, n = {}, {}, {}\n"
      "request = function()\n  n = n + 1\n  return before .. string.format(\"%016.0f\", n) .. after\nend\n",
      lua_string(all.substr(0, number_at_)), lua_string(all.substr(number_at_ + kDigits)),
      kWrkFirst + kWrkRun * runs++);
}

}  // namespace hearth::bench
