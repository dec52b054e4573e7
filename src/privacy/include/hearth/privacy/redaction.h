// Placeholders instead of personal data and secrets in what leaves the box, and the originals again in what comes back.
#pragma once

#include <hearth/core/error.h>
#include <hearth/privacy/detectors.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::privacy {

// The placeholders of one call: "[EMAIL_1]", "[CARD_2]", … One value has one placeholder, in order of first appearance,
// so a conversation that grows keeps those it had (and a provider's prompt cache keeps hitting). Holds the originals:
// lives as long as its call and is written nowhere.
class Placeholders {
 public:
  // A placeholder's longest form; what a stream's restorer may have to hold back.
  static constexpr std::size_t kLongest = 40;

  Placeholders() = default;
  // `series`: what all have in common besides, for texts in which "[EMAIL_" stands already.
  explicit Placeholders(std::string series) : series_(std::move(series)) {}

  // The placeholder of `value`, which `label` ("EMAIL") describes.
  const std::string& of(std::string_view label, std::string_view value);
  // The original; null: this is no placeholder of ours.
  [[nodiscard]] const std::string* original(std::string_view placeholder) const;
  // Could `text` become a placeholder of ours if more came?
  [[nodiscard]] bool may_begin(std::string_view text) const;
  [[nodiscard]] bool empty() const noexcept { return originals_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return originals_.size(); }

 private:
  std::string series_;
  std::map<std::string, std::string, std::less<>> placeholders_;  // "EMAIL\0value" -> placeholder
  std::map<std::string, std::string, std::less<>> originals_;     // placeholder -> value
  std::map<std::string, std::size_t, std::less<>> last_;          // label -> number
};

struct Redacted {
  std::string body;
  Placeholders placeholders;
};

// `json` with each finding whose class is above `highest` replaced; only touched strings are written anew (a number
// becomes a string). unsupported: something that would have to be replaced stands in a data: URL, or what is left is
// something again. too_large: more than kMaxFindings. Either means that the call may not leave.
Result<Redacted> redact_body(const Detectors& detectors, std::string_view json, DataClass highest);
// The same for plain text.
Result<Redacted> redact_text(const Detectors& detectors, std::string_view text, DataClass highest);

// What has the place of an original within a JSON text that is itself a string's content must be written with escapes.
enum class Restored { text, json_text };

// `text` with the originals. A placeholder that the model has changed stays as it is.
std::string restore_text(const Placeholders& placeholders, std::string_view text, Restored as = Restored::text);
// A whole JSON answer: in all its strings, and in JSON within them.
std::string restore_body(const Placeholders& placeholders, std::string_view json);

// The same for a text that comes in pieces cut anywhere. Holds back no more than what could be the beginning of a
// placeholder.
class TextRestorer {
 public:
  explicit TextRestorer(const Placeholders* placeholders, Restored as = Restored::text)
      : placeholders_(placeholders), as_(as) {}

  // What is certain by now.
  std::string push(std::string_view piece);
  // What was held back, at the end.
  std::string finish();
  [[nodiscard]] bool holds() const noexcept { return !held_.empty(); }

 private:
  const Placeholders* placeholders_;
  Restored as_;
  std::string held_;
};

// The events of a streamed chat completion (or completion) in OpenAI's dialect: content, refusal, reasoning and the
// arguments of tool calls of each choice are texts of their own. Log probabilities are left as they are.
class ChatStreamRestorer {
 public:
  // `placeholders` must outlive it.
  explicit ChatStreamRestorer(const Placeholders* placeholders) : placeholders_(placeholders) {}

  // `data`: of one event, without "[DONE]". Appends what to send instead: the event with its texts restored; before one
  // that ends a choice, another with what was held back. What is no such event goes through as it is.
  void event(std::string_view data, std::vector<std::string>& out);
  // Before "[DONE]", and when a stream ends without one: what is still held back.
  void finish(std::vector<std::string>& out);

 private:
  // A text of the stream: which choice, which tool call (-1: none), which field.
  struct Channel {
    std::int64_t choice = 0;
    std::int64_t tool = -1;
    std::string field;
    friend auto operator<=>(const Channel&, const Channel&) = default;
  };
  void flush(const Channel& channel, TextRestorer& restorer, std::vector<std::string>& out) const;

  const Placeholders* placeholders_;
  std::map<Channel, TextRestorer> texts_;
  std::string head_;  // "id", "object", "created" and "model" of the stream's events, as JSON
};

struct StreamEvent {
  std::string type;  // the `event:` field; empty: it has none
  std::string data;
};

// The events of a streamed response in OpenAI's Responses API: each text that comes in deltas is one of its own, and
// what repeats texts as a whole has the originals at once. Log probabilities are left as they are.
class ResponseStreamRestorer {
 public:
  // `placeholders` must outlive it.
  explicit ResponseStreamRestorer(const Placeholders* placeholders) : placeholders_(placeholders) {}

  // Appends what to send instead: the event with its texts restored; before one that ends a text, a delta with what was
  // held back of it. The events are numbered anew from there. What is no such event goes through as it is.
  void event(std::string_view type, std::string_view data, std::vector<StreamEvent>& out);

 private:
  // A text of the stream: of which kind, and where, as its deltas say.
  struct Channel {
    std::string type;
    std::string place;   // as JSON: item_id, output_index, …, each with a comma behind
    std::string output;  // output_index, as JSON
    friend auto operator<=>(const Channel&, const Channel&) = default;
  };
  struct Seen;
  static bool read(std::string_view padded, Seen& seen);
  static bool ends(const Seen& seen, const Channel& channel);
  void flush(bool named, const Seen& seen, std::vector<StreamEvent>& out);
  [[nodiscard]] std::string number_of(const Seen& seen) const;

  const Placeholders* placeholders_;
  std::map<Channel, TextRestorer> texts_;  // of which something is held back
  std::int64_t added_ = 0;                 // events that were not in the stream
};

}  // namespace hearth::privacy
