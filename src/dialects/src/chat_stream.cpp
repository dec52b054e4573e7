#include "src/chat_usage.h"
#include "src/json_reader.h"
#include "src/json_writer.h"

#include <hearth/dialects/chat_stream.h>

#include <fmt/format.h>

#include <array>

namespace hearth::dialects {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kSomeChoices = 10'000;
constexpr std::size_t kMaxMessage = 2000;

struct Chunk {
  bool failed = false;
  std::string message;  // of the failure
  bool has_choices = false;
  std::optional<Usage> usage;
  Usage timings;
};

// What it took is for accounts: where that cannot be read, the answer can.
enum class Counts { read, left };

// nullopt: it is no JSON object.
std::optional<Chunk> read_chunk(const JsonBody& body, Counts counts = Counts::read) {
  static constexpr std::array<std::string_view, 4> kOuter{"error", "choices", "usage", "timings"};
  static constexpr std::array<std::string_view, 1> kError{"message"};
  Chunk chunk;
  json::Document document(body);
  const auto read_error = [&](std::string_view, json::Value value) -> Decoded<void> {
    if (value.kind() != json::Kind::string) return value.check();
    HEARTH_TRY_ASSIGN(chunk.message, value.string());
    return {};
  };
  const auto read = [&](std::string_view name, json::Value value) -> Decoded<void> {
    if (name == "error") {
      chunk.failed = true;
      if (value.kind() != json::Kind::object) {
        HEARTH_TRY_ASSIGN(chunk.message, value.raw());
        return {};
      }
      HEARTH_TRY(value.each_field(kError, read_error));
      return {};
    }
    if (name == "usage" && value.kind() == json::Kind::object) chunk.usage.emplace();
    if (name == "usage" || name == "timings") {
      if (counts == Counts::left || value.kind() != json::Kind::object) return value.check();
      return name == "usage" ? read_chat_usage(value, *chunk.usage) : read_timings(value, chunk.timings);
    }
    if (value.kind() != json::Kind::array) return value.check();
    return value.each_item(kSomeChoices, [&](std::size_t, json::Value item) -> Decoded<void> {
      chunk.has_choices = true;
      return item.check();
    });
  };
  if (document.each_field(kOuter, read)) return chunk;
  return counts == Counts::read ? read_chunk(body, Counts::left) : std::nullopt;
}

}  // namespace

Result<bool> ChatStream::check(std::string_view data) {
  const auto chunk = read_chunk(JsonBody::copy_of(data));
  if (!chunk) return fail(Errc::protocol_error, "a part of the stream is not JSON");
  if (chunk->failed)
    return fail(Errc::unavailable,
                chunk->message.empty() ? "the server broke off with an error" : chunk->message.substr(0, kMaxMessage));
  answers_ = answers_ || chunk->has_choices;
  if (!chunk->usage) return true;
  usage_ = *chunk->usage;
  return chunk->has_choices || usage_wanted_;
}

Result<std::string> ChatStream::feed(std::string_view bytes) {
  const bool is_comment = between_lines_ && bytes.starts_with(':');
  if (!bytes.empty()) between_lines_ = bytes.back() == '\n' || bytes.back() == '\r';
  parser_.feed(bytes);
  std::string out;
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<SseEvent> event, parser_.next());
    if (!event) break;
    if (done_) continue;  // what comes after the end is for nobody
    const auto begin = event->data.find_first_not_of(kSpace);
    if (begin != std::string::npos && std::string_view(event->data).substr(begin).starts_with("[DONE]")) {
      if (!answers_) return fail(Errc::unavailable, "the answer says nothing");
      done_ = true;
      out += kSseDone;
      continue;
    }
    HEARTH_TRY_ASSIGN(const bool pass, check(event->data));
    if (pass) out += encode_sse(event->data, event->type == "message" ? std::string_view() : event->type);
  }
  // A sign of life stays one: clients and what is between wait only so long for the next byte. Before the answer begins
  // there is none, for another server may still have to give it.
  if (out.empty() && answers_ && !done_ && is_comment) out = ":\n\n";
  return out;
}

Result<void> ChatStream::end() const {
  if (done_) return {};
  return fail(Errc::unavailable, "the answer broke off before its end");
}

Result<Usage> check_answer(const JsonBody& body) {
  const auto chunk = read_chunk(body);
  if (!chunk) return fail(Errc::unavailable, "the server's answer cannot be read");
  if (chunk->has_choices) return chunk->usage.value_or(chunk->timings);
  if (!chunk->failed) return fail(Errc::unavailable, "the server's answer says nothing");
  return fail(Errc::unavailable,
              chunk->message.empty() ? "the server answered with an error" : chunk->message.substr(0, kMaxMessage));
}

namespace {

// The `stream_options` of a request as they stand in it; empty: it has none.
std::string_view options_of(const JsonBody& body) {
  static constexpr std::array<std::string_view, 1> kNames{"stream_options"};
  std::string_view options;
  json::Document document(body);
  const auto fields = document.each_field(kNames, [&options](std::string_view, json::Value value) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(options, value.raw());
    return {};
  });
  return fields ? options : std::string_view();
}

struct OtherOptions {
  std::string& fields;
  Decoded<void> operator()(std::string_view, json::Value value) const { return value.check(); }
  Decoded<void> other(std::string_view name, json::Value value) const {
    HEARTH_TRY_ASSIGN(const std::string_view raw, value.raw());
    json::Writer key;
    key.string(name);
    fields += fmt::format(",{}:{}", key.take(), raw);
    return {};
  }
};

}  // namespace

std::string ask_for_usage(std::string_view body) {
  const JsonBody whole = JsonBody::copy_of(body);
  const std::string_view options = options_of(whole);
  if (options.empty()) {
    const auto brace = body.find_last_of('}');
    if (brace == std::string_view::npos) return std::string(body);
    return fmt::format(R"({},"stream_options":{{"include_usage":true}}}})", body.substr(0, brace));
  }
  static constexpr std::array<std::string_view, 1> kNames{"include_usage"};
  std::string others;
  const JsonBody own = JsonBody::copy_of(options);
  json::Document document(own);
  if (!document.each_field(kNames, OtherOptions{others})) return std::string(body);
  const auto at = static_cast<std::size_t>(options.data() - whole.view().data());
  return fmt::format(R"({}{{"include_usage":true{}}}{})", body.substr(0, at), others, body.substr(at + options.size()));
}

}  // namespace hearth::dialects
