// Conversations that are made of what trimming looks for, and of what nearly is that.
#pragma once

#include <hearth/trim/trim.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <rapidcheck.h>
#include <sodium.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::trim {

// Bytes that look random and are the same each time.
inline std::string noise(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    c = static_cast<char>(seed >> 24U);
  }
  return bytes;
}

inline std::string base64(std::string_view bytes) {
  const std::size_t size = sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  std::string out(size, '\0');
  sodium_bin2base64(out.data(), size, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();
  return out;
}

inline std::string log_lines(std::size_t count, std::string_view what = "GET /health 200") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += fmt::format("2026-11-27T18:{:02}:{:02}.{:03}Z info request served {} in {} us id=req_{:08x}\n", i / 60,
                        i % 60, i * 7 % 1000, what, 1000 + i * 37, i * 2'654'435'761U);
  return text;
}

inline std::string source_lines(std::size_t from, std::size_t count) {
  std::string text;
  for (std::size_t i = from; i < from + count; ++i)
    text += fmt::format("  const std::string value_{} = compute_something_of({});\n", i, i * 31 % 97);
  return text;
}

inline std::string any_text() {
  static const std::vector<std::string> pieces{
      log_lines(12),
      log_lines(30, "connection refused by peer, error 111"),
      source_lines(0, 30),
      source_lines(10, 40),
      "{\n  \"a\" : 1.50,\n  \"b\" : [ 1, 2,\t3 ],\n  \"a\" : \"x  y\"\n}\n",
      "[ { \"name\" : \"wörter\" } , { } ]\n",
      "{ 'not' : json }\n",
      "```json\n{\n  \"deep\" : { \"er\" : [ ] }\n}\n```\n",
      base64(noise(2000)) + "\n",
      "data:image/png;base64," + base64(noise(1800, 7)) + " ",
      "<!doctype html><html><head><title>T</title><script>var x = '<p>';</script></head><body><h1>Head</h1><p>One "
      "<b>two</b> &amp; "
      "three</p><ul><li>a</li><li>b</li></ul><table><tr><td>1</td><td>2</td></tr></table></body></html>",
      "\x1b[31mred\x1b[0m text   \n\n\n\n",
      "10%\r20%\r100%\n",
      "word ",
      "\n",
      "你好，世界",
      "\xF0\x9F\x98\x80",
      "\"quoted\\ text\"",
      "]{[}",
      std::string(700, 'a') + "\n"};
  const auto picks = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, pieces.size()));
  std::string text;
  for (const std::size_t pick : picks) text += pieces[pick];
  return text;
}

inline boost::json::value call_of(const std::string& id) {
  namespace json = boost::json;
  static const std::vector<std::pair<std::string, std::string>> calls{
      {"read_file", R"({"path":"src/a.cpp"})"},   {"run_command", R"({"command":"make test"})"},
      {"bash", R"({"command":"cat notes.txt"})"}, {"fetch_url", R"({"url":"https://example.org/page"})"},
      {"list_files", R"({"path":"."})"},          {"bash", R"({"command":"tail /var/log/syslog"})"}};
  const auto& [name, arguments] = *rc::gen::elementOf(calls);
  return json::object{
      {"id", id}, {"type", "function"}, {"function", json::object{{"name", name}, {"arguments", arguments}}}};
}

// A few messages that come one after the other.
inline boost::json::array any_messages(std::size_t from) {
  namespace json = boost::json;
  json::array messages;
  const auto kind = *rc::gen::inRange(0, 4);
  const std::string id = fmt::format("call_{}", from);
  if (kind == 0) {
    messages.push_back(json::object{{"role", "user"}, {"content", any_text()}});
  } else if (kind == 1) {
    messages.push_back(json::object{{"role", "assistant"}, {"content", any_text()}});
  } else {
    messages.push_back(
        json::object{{"role", "assistant"}, {"content", nullptr}, {"tool_calls", json::array{call_of(id)}}});
    json::value content = kind == 2 ? json::value(any_text())
                                    : json::value(json::array{json::object{{"type", "text"}, {"text", any_text()}}});
    messages.push_back(json::object{{"role", "tool"}, {"tool_call_id", id}, {"content", content}});
  }
  return messages;
}

inline boost::json::array any_conversation() {
  namespace json = boost::json;
  json::array messages{json::object{{"role", "system"}, {"content", any_text()}}};
  const auto turns = *rc::gen::inRange<std::size_t>(0, 7);
  for (std::size_t i = 0; i < turns; ++i)
    for (const json::value& message : any_messages(messages.size())) messages.push_back(message);
  return messages;
}

inline std::string request_of(const boost::json::array& messages) {
  return R"({"model":"m","messages":)" + boost::json::serialize(messages) + R"(,"temperature":0.50})";
}

// The same in Anthropic's dialect.
inline std::string message_request_of(const boost::json::array& messages) {
  namespace json = boost::json;
  json::array turns;
  for (const json::value& message : messages) {
    const json::string& role = message.at("role").as_string();
    if (role == "system") continue;
    if (role == "tool") {
      json::object result{
          {"type", "tool_result"}, {"tool_use_id", message.at("tool_call_id")}, {"content", message.at("content")}};
      turns.push_back(json::object{{"role", "user"}, {"content", json::array{result}}});
    } else if (message.as_object().contains("tool_calls")) {
      const json::value& call = message.at("tool_calls").at(0);
      json::object use{{"type", "tool_use"},
                       {"id", call.at("id")},
                       {"name", call.at("function").at("name")},
                       {"input", json::parse(call.at("function").at("arguments").as_string())}};
      turns.push_back(json::object{{"role", "assistant"}, {"content", json::array{use}}});
    } else {
      turns.push_back(message);
    }
  }
  return R"({"model":"m","max_tokens":100,"messages":)" + json::serialize(turns) + "}";
}

inline std::string trimmed(const std::string& body, const Settings& settings = {}) {
  return trim(body, settings).body.value_or(body);
}

// A conversation in which one tool was called, with what it said.
inline std::string with_result(std::string_view tool, std::string_view arguments, std::string_view result) {
  namespace json = boost::json;
  json::object call{
      {"id", "call_1"}, {"type", "function"}, {"function", json::object{{"name", tool}, {"arguments", arguments}}}};
  return request_of({json::object{{"role", "user"}, {"content", "go on"}},
                     json::object{{"role", "assistant"}, {"content", nullptr}, {"tool_calls", json::array{call}}},
                     json::object{{"role", "tool"}, {"tool_call_id", "call_1"}, {"content", result}}});
}

inline std::string content_of(const std::string& body, std::size_t message) {
  return std::string(boost::json::parse(body).at("messages").at(message).at("content").as_string());
}

}  // namespace hearth::trim
