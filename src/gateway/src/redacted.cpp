#include "redacted.h"

#include <hearth/dialects/sse.h>

#include <fmt/format.h>

#include <vector>

namespace hearth::gateway {

namespace {

constexpr std::string_view kSignOfLife = ":\n\n";

class RestoringRelay : public Relay {
 public:
  RestoringRelay(const privacy::Placeholders& placeholders, std::unique_ptr<Relay> next)
      : placeholders_(placeholders), next_(std::move(next)), restorer_(&placeholders) {}

  [[nodiscard]] std::string_view stream_type() const override { return next_->stream_type(); }

  Result<std::string_view> part(std::string_view bytes) override {
    parser_.feed(bytes);
    std::string out;
    for (;;) {
      HEARTH_TRY_ASSIGN(const std::optional<dialects::SseEvent> event, parser_.next());
      if (!event) break;
      events_.clear();
      if (event->data == "[DONE]") {
        restorer_.finish(events_);
        append_events(out, {});
        out += dialects::kSseDone;
      } else {
        restorer_.event(event->data, events_);
        append_events(out, event->type == "message" ? std::string_view() : event->type);
      }
    }
    if (bytes == kSignOfLife) out = bytes;
    if (out.empty()) return std::string_view();
    part_ = std::move(out);
    return next_->part(part_);
  }
  Result<void> end() override { return next_->end(); }
  Result<std::string> whole(std::string body, const dialects::Usage* told) override {
    return next_->whole(privacy::restore_body(placeholders_, body), told);
  }
  [[nodiscard]] dialects::Usage usage() const override { return next_->usage(); }
  [[nodiscard]] std::string_view kept_as() const override { return next_->kept_as(); }

 private:
  void append_events(std::string& out, std::string_view type) const {
    for (const std::string& event : events_) out += dialects::encode_sse(event, type);
  }

  const privacy::Placeholders& placeholders_;
  std::unique_ptr<Relay> next_;
  privacy::ChatStreamRestorer restorer_;
  dialects::SseParser parser_;
  std::vector<std::string> events_;
  std::string part_;
};

class RestoringResponses : public Relay {
 public:
  RestoringResponses(const privacy::Placeholders& placeholders, std::unique_ptr<Relay> next)
      : placeholders_(placeholders), next_(std::move(next)), restorer_(&placeholders) {}

  [[nodiscard]] std::string_view stream_type() const override { return next_->stream_type(); }

  Result<std::string_view> part(std::string_view bytes) override {
    parser_.feed(bytes);
    part_.clear();
    for (;;) {
      HEARTH_TRY_ASSIGN(const std::optional<dialects::SseEvent> event, parser_.next());
      if (!event) break;
      events_.clear();
      restorer_.event(event->type == "message" ? std::string_view() : event->type, event->data, events_);
      for (const privacy::StreamEvent& one : events_) part_ += dialects::encode_sse(one.data, one.type);
    }
    if (bytes == kSignOfLife) part_ = bytes;
    if (part_.empty()) return std::string_view();
    return next_->part(part_);
  }
  Result<void> end() override { return next_->end(); }
  Result<std::string> whole(std::string body, const dialects::Usage* told) override {
    return next_->whole(privacy::restore_body(placeholders_, body), told);
  }
  [[nodiscard]] dialects::Usage usage() const override { return next_->usage(); }

 private:
  const privacy::Placeholders& placeholders_;
  std::unique_ptr<Relay> next_;
  privacy::ResponseStreamRestorer restorer_;
  dialects::SseParser parser_{32 << 20};  // as large as CheckedResponseStream's
  std::vector<privacy::StreamEvent> events_;
  std::string part_;
};

}  // namespace

net::awaitable<dialects::Decoded<privacy::Redacted>> redact(Call& call, std::string body, DataClass sees) {
  const std::size_t size = body.size();
  auto done =
      co_await parse_sized(call, size, [&] { return privacy::redact_body(call.services.detectors, body, sees); });
  if (done) co_return std::move(*done);
  co_return dialects::reject(dialects::ApiCode::data_class_denied, done.error().message());
}

std::unique_ptr<Relay> restoring(const privacy::Placeholders& placeholders, std::unique_ptr<Relay> next) {
  return std::make_unique<RestoringRelay>(placeholders, std::move(next));
}

std::unique_ptr<Relay> restoring_response(const privacy::Placeholders& placeholders, std::unique_ptr<Relay> next) {
  return std::make_unique<RestoringResponses>(placeholders, std::move(next));
}

}  // namespace hearth::gateway
