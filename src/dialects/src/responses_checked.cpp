#include "src/chat_usage.h"
#include "src/json_reader.h"

#include <hearth/dialects/responses_upstream.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::dialects {
namespace {

constexpr std::size_t kMaxMessage = 2000;
// That it was created, waits and works: each is told once.
constexpr std::size_t kMostHeld = 3;
constexpr std::string_view kUnreadable = "a part of the stream is not JSON";

// A response, or an event of its stream, as far as it is looked at.
struct Told {
  std::string type;  // of an event
  std::string id;
  std::string status;
  bool has_output = false;
  bool failed = false;
  std::string message;  // of the failure
  std::optional<Usage> usage;
};

// What it took is for accounts: where that cannot be read, the answer can.
enum class Counts { read, left };

// What is no text says nothing.
Decoded<void> read_text(json::Value& value, std::string& to) {
  if (value.kind() != json::Kind::string) return value.check();
  HEARTH_TRY_ASSIGN(to, value.string());
  return {};
}

// {"code","message"}, or a text.
Decoded<void> read_error(json::Value& value, Told& told) {
  static constexpr std::array<std::string_view, 1> kMessage{"message"};
  told.failed = true;
  if (value.kind() != json::Kind::object) return read_text(value, told.message);
  HEARTH_TRY(value.each_field(kMessage, [&told](std::string_view, json::Value field) -> Decoded<void> {
    return read_text(field, told.message);
  }));
  return {};
}

struct ReadResponse {
  static constexpr std::array<std::string_view, 5> kNames{"id", "status", "output", "error", "usage"};
  Told& told;
  Counts counts;

  Decoded<void> operator()(std::string_view name, json::Value value) const {
    if (name == "id") return read_text(value, told.id);
    if (name == "status") return read_text(value, told.status);
    if (name == "error") return read_error(value, told);
    if (name == "output") {
      told.has_output = value.kind() == json::Kind::array;
      return value.check();
    }
    if (counts == Counts::left || value.kind() != json::Kind::object) return value.check();
    return read_response_usage(value, told.usage.emplace());
  }
};

struct ReadEvent {
  static constexpr std::array<std::string_view, 4> kNames{"type", "response", "error", "message"};
  Told& told;
  Counts counts;

  Decoded<void> operator()(std::string_view name, json::Value value) const {
    if (name == "type") return read_text(value, told.type);
    if (name == "message") return read_text(value, told.message);
    if (name == "error") return read_error(value, told);
    if (value.kind() != json::Kind::object) return value.check();
    HEARTH_TRY(value.each_field(ReadResponse::kNames, ReadResponse{told, counts}));
    return {};
  }
};

// nullopt: it is no JSON object.
template <typename Read>
std::optional<Told> read(const JsonBody& body, Counts counts = Counts::read) {
  Told told;
  {
    json::Document document(body);
    if (document.each_field(Read::kNames, Read{told, counts})) return told;
  }
  return counts == Counts::read ? read<Read>(body, Counts::left) : std::nullopt;
}

std::string reason_of(const Told& told, std::string_view otherwise) {
  return told.message.empty() ? std::string(otherwise) : told.message.substr(0, kMaxMessage);
}

}  // namespace

Result<CheckedResponse> check_response_answer(const JsonBody& answer) {
  const auto told = read<ReadResponse>(answer);
  if (!told) return fail(Errc::unavailable, "the server's answer cannot be read");
  if (told->failed || told->status == "failed")
    return fail(Errc::unavailable, reason_of(*told, "the server answered with an error"));
  if (!told->has_output) return fail(Errc::unavailable, "the server's answer says nothing");
  if (!told->status.empty() && told->status != "completed" && told->status != "incomplete")
    return fail(Errc::unavailable, "the server's answer has not ended");
  return CheckedResponse{told->id, told->usage.value_or(Usage())};
}

Result<std::string> CheckedResponseStream::take(const SseEvent& event) {
  const auto told = read<ReadEvent>(JsonBody::copy_of(event.data));
  if (!told || (told->type.empty() && !told->failed)) return fail(Errc::protocol_error, std::string(kUnreadable));
  const std::string_view type = told->type;
  // Without a type it is an error as it would have been told before a stream began.
  if (type == "error" || type.empty())
    return fail(Errc::unavailable, reason_of(*told, "the server broke off with an error"));
  if (answer_.id.empty()) answer_.id = told->id;
  if (told->usage) answer_.usage = *told->usage;
  if (type == "response.failed") {
    failure_ = reason_of(*told, "the server broke off with an error");
    if (!begun_) return fail(Errc::unavailable, failure_);
  }
  finished_ = type == "response.completed" || type == "response.incomplete" || type == "response.failed";
  std::string whole = encode_sse(event.data, event.type == "message" ? std::string_view() : event.type);
  if (begun_) return whole;
  if (!type.starts_with("response.")) return std::string();  // a sign of life
  const bool nothing_yet = type == "response.created" || type == "response.queued" || type == "response.in_progress";
  if (nothing_yet && holds_ < kMostHeld) {
    ++holds_;
    held_ += whole;
    return std::string();
  }
  begun_ = true;
  return std::exchange(held_, {}) + whole;
}

Result<std::string> CheckedResponseStream::feed(std::string_view bytes) {
  const bool is_comment = between_lines_ && bytes.starts_with(':');
  if (!bytes.empty()) between_lines_ = bytes.back() == '\n' || bytes.back() == '\r';
  parser_.feed(bytes);
  std::string out;
  for (;;) {
    HEARTH_TRY_ASSIGN(const std::optional<SseEvent> event, parser_.next());
    if (!event) break;
    // What comes after the end is for nobody; "[DONE]" is of another API, and some servers end everything with it.
    if (finished_ || event->data.starts_with("[DONE]")) continue;
    HEARTH_TRY_ASSIGN(const std::string part, take(*event));
    out += part;
  }
  // A sign of life stays one, once the answer has begun: before, another server may still have to give it.
  if (out.empty() && begun_ && !finished_ && is_comment) out = ":\n\n";
  return out;
}

Result<void> CheckedResponseStream::end() const {
  if (!finished_) return fail(Errc::unavailable, "the answer broke off before its end");
  if (!failure_.empty()) return fail(Errc::unavailable, failure_);
  return {};
}

}  // namespace hearth::dialects
