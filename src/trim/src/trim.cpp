#include "src/blobs.h"
#include "src/body.h"
#include "src/characters.h"
#include "src/duplicates.h"
#include "src/edit.h"
#include "src/json.h"
#include "src/json_string.h"
#include "src/logs.h"
#include "src/markup.h"
#include "src/pictures.h"
#include "src/tools.h"
#include "src/whitespace.h"

#include <hearth/trim/estimate.h>
#include <hearth/trim/trim.h>

#include <fmt/format.h>

#include <ctime>
#include <utility>

namespace hearth::trim {
namespace {

constexpr std::size_t kLargestText = 4 << 20;
constexpr std::size_t kMostText = 32 << 20;  // of a body

// Processor time of this thread, so that whatever else the machine does counts for nothing.
std::chrono::nanoseconds processor_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

class Trimmer {
 public:
  Trimmer(std::string_view bytes, const Body& body, const Settings& settings)
      : bytes_(bytes), body_(body), settings_(settings) {}

  Trimmed run() {
    if (settings_.steps.has(Step::tools)) tools();
    for (const Text& text : body_.texts) one(text);
    if (edits_.empty()) return std::move(out_);
    // Each text is shorter than what it replaces; a picture is as long as before.
    out_.body = apply(bytes_, std::move(edits_));
    out_.bytes_saved = difference(bytes_.size(), out_.body->size());
    return std::move(out_);
  }

 private:
  StepReport& report(Step step) { return out_.steps[static_cast<std::size_t>(step)]; }

  void note(Step step, std::string_view before, std::string_view after) {
    StepReport& its = report(step);
    ++its.times;
    its.bytes_before += before.size();
    its.bytes_after += after.size();
    its.tokens_before += estimated_tokens(before);
    its.tokens_after += estimated_tokens(after);
  }

  void tools() {
    const auto began = processor_time();
    const bool may_prune = !body_.answered || settings_.prune_tools;
    std::vector<Edit> edits = prune_tools(bytes_, body_, may_prune);
    report(Step::tools).took += processor_time() - began;
    out_.pruned_tools = !edits.empty() && body_.choice.kind != ToolChoice::Kind::any;
    for (Edit& edit : edits) {
      const std::string_view tools = bytes_.substr(edit.span.offset, edit.span.length);
      note(Step::tools, tools, {});
      out_.tokens_saved += estimated_tokens(tools);
      edits_.push_back(std::move(edit));
    }
  }

  // `text` after `step`, if that is on and changes it.
  template <typename F>
  void apply_step(Step step, std::string& text, F f) {
    if (!settings_.steps.has(step)) return;
    const auto began = processor_time();
    std::optional<std::string> changed = f(std::as_const(text));
    report(step).took += processor_time() - began;
    if (!changed || changed->size() >= text.size()) return;
    note(step, text, *changed);
    text = std::move(*changed);
  }

  void one(const Text& text) {
    if (text.token.length < settings_.smallest || text.token.length > kLargestText) return;
    looked_at_ += text.token.length;
    if (looked_at_ > kMostText) return;
    const std::string_view token = bytes_.substr(text.token.offset, text.token.length);
    auto content = decode_string(token);
    if (!content || content->size() < settings_.smallest) return;
    pictures_.clear();
    text.speaker == Speaker::tool ? result(text, *content) : said(*content);
    replace(text, token, *content);
  }

  // By a person, or by a program in a person's place.
  void said(std::string& content) {
    if (!body_.edits_context)
      apply_step(Step::duplicates, content, [this](const std::string& text) { return shown_.whole(text); });
    if (content.starts_with('{') || content.starts_with('[')) apply_step(Step::json, content, minify_json);
  }

  void result(const Text& text, std::string& content) {
    const Origin origin = text.call ? origin_of(*text.call) : Origin::verbatim;
    apply_step(Step::blobs, content, [&](const std::string& all) { return blobs(text, origin, all); });
    if (origin == Origin::page) apply_step(Step::markup, content, page_to_markdown);
    if (origin != Origin::verbatim) apply_step(Step::whitespace, content, trim_whitespace);
    if (origin == Origin::page || origin == Origin::report) apply_step(Step::json, content, minify_json_within);
    if (origin == Origin::log || origin == Origin::report) apply_step(Step::logs, content, fold_logs);
    if (body_.edits_context) return;
    apply_step(Step::duplicates, content, [&](const std::string& all) {
      auto reference = shown_.whole(all);
      return reference ? reference : shown_.show(all, name_of(text));
    });
  }

  std::optional<std::string> blobs(const Text& text, Origin origin, std::string_view all) {
    std::vector<Blob> found = find_blobs(all);
    // In what may be edited, a file is left out only where there is nothing else.
    if (origin == Origin::verbatim && (found.size() != 1 || found.front().length + 8 < stripped(all).size()))
      return std::nullopt;
    std::string out;
    std::size_t done = 0;
    for (const Blob& blob : found) {
      out.append(all.substr(done, blob.offset - done));
      done = blob.offset + blob.length;
      if (is_shown(text, blob)) {
        pictures_.push_back(image_block(blob));
        out += fmt::format("[the picture {} below]", pictures_.size());
      } else {
        out += note_of(blob);
      }
    }
    if (done == 0) return std::nullopt;
    out.append(all.substr(done));
    return out;
  }

  // A result can hold pictures in Anthropic's dialect only.
  [[nodiscard]] bool is_shown(const Text& text, const Blob& blob) const {
    constexpr std::size_t kMost = 4;
    return settings_.dialect == Dialect::anthropic && text.speaker == Speaker::tool &&
           blob.said.starts_with("image/") && pictures_.size() < kMost && is_sound_picture(blob);
  }

  // What a reference to it calls it: the call that it is the result of, which the model remembers.
  [[nodiscard]] std::string name_of(const Text& text) const {
    constexpr std::size_t kMost = 80;
    if (!text.call) return fmt::format("message {} above", text.message + 1);
    const std::string_view arguments = shortened(text.call->arguments, kMost);
    return fmt::format("the result above of {} {}{}", shortened(text.call->name, kMost), arguments,
                       arguments.size() < text.call->arguments.size() ? "…" : "");
  }

  void replace(const Text& text, std::string_view token, const std::string& content) {
    std::string replacement = encode_string(content);
    std::string pictures;
    for (const std::string& picture : pictures_) pictures.append(",").append(picture);
    if (replacement.size() >= token.size()) return;
    out_.tokens_saved += difference(estimated_tokens(token), estimated_tokens(replacement));
    if (!pictures.empty() && !text.block_end)
      replacement = fmt::format(R"([{{"type":"text","text":{}}}{}])", replacement, std::exchange(pictures, {}));
    edits_.push_back({text.token, std::move(replacement)});
    if (!pictures.empty()) edits_.push_back({{*text.block_end, 0}, std::move(pictures)});
  }

  static std::uint64_t difference(std::uint64_t before, std::uint64_t after) {
    return before > after ? before - after : 0;
  }

  std::string_view bytes_;
  const Body& body_;
  const Settings& settings_;
  Trimmed out_;
  std::vector<Edit> edits_;
  Shown shown_;
  std::vector<std::string> pictures_;  // blocks of the text at hand
  std::size_t looked_at_ = 0;
};

}  // namespace

bool may_trim(std::string_view body) noexcept {
  return body.contains("\"tool") || body.contains("\"{") || body.contains("\"[");
}

Trimmed trim(std::string body, const Settings& settings) {
  if (settings.steps.empty() || !may_trim(body)) return {};
  if (body.capacity() < body.size() + kPadding) body.reserve(body.size() + kPadding);
  const auto read = read_body(body);
  if (!read) return {};
  Trimmed trimmed = Trimmer(body, *read, settings).run();
  trimmed.messages = read->messages;
  return trimmed;
}

}  // namespace hearth::trim
