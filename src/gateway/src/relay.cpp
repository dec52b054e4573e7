#include "relay.h"

#include <hearth/dialects/anthropic_upstream.h>
#include <hearth/dialects/chat_stream.h>
#include <hearth/dialects/responses_upstream.h>

namespace hearth::gateway {
namespace {

constexpr std::size_t kTail = 4 * 1024;  // of a stream: holds its last chunks, which say what it took

// The last kTail bytes of what went through.
class Tail {
 public:
  void add(std::string_view bytes) {
    if (bytes.size() >= kTail) text_.clear();
    if (bytes.size() > kTail) bytes.remove_prefix(bytes.size() - kTail);
    if (text_.size() + bytes.size() > 2 * kTail) text_.erase(0, text_.size() - kTail);
    text_.append(bytes);
  }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};

class PassThrough final : public Relay {
 public:
  Result<std::string_view> part(std::string_view bytes) override {
    tail_.add(bytes);
    return bytes;
  }
  Result<void> end() override {
    usage_ = dialects::decode_stream_usage(tail_.text());
    return {};
  }
  Result<std::string> whole(std::string body, const dialects::Usage* told) override {
    usage_ = told != nullptr ? *told : dialects::decode_usage(dialects::JsonBody::borrow(body));
    return body;
  }
  [[nodiscard]] dialects::Usage usage() const override { return usage_; }

 private:
  Tail tail_;
  dialects::Usage usage_;
};

// What a server elsewhere streams is checked by a Stream before `next` gets to see it.
template <typename Stream>
class CheckedBy : public Relay {
 public:
  [[nodiscard]] std::string_view stream_type() const override { return next_->stream_type(); }
  Result<std::string_view> part(std::string_view bytes) override {
    HEARTH_TRY_ASSIGN(part_, stream_.feed(bytes));
    if (part_.empty()) return std::string_view();
    return next_->part(part_);
  }
  Result<void> end() override {
    HEARTH_TRY(stream_.end());
    return next_->end();
  }

 protected:
  CheckedBy(std::unique_ptr<Relay> next, Stream stream) : next_(std::move(next)), stream_(std::move(stream)) {}
  [[nodiscard]] Relay& next() const { return *next_; }
  [[nodiscard]] const Stream& stream() const { return stream_; }

 private:
  std::unique_ptr<Relay> next_;
  Stream stream_;
  std::string part_;
};

class CheckedRelay final : public CheckedBy<dialects::ChatStream> {
 public:
  CheckedRelay(std::unique_ptr<Relay> next, bool usage_wanted)
      : CheckedBy(std::move(next), dialects::ChatStream(usage_wanted)) {}
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(const dialects::Usage usage, dialects::check_answer(dialects::JsonBody::borrow(body)));
    return next().whole(std::move(body), &usage);
  }
  [[nodiscard]] dialects::Usage usage() const override {
    return stream().usage() == dialects::Usage() ? next().usage() : stream().usage();
  }
  [[nodiscard]] std::string_view kept_as() const override { return next().kept_as(); }
};

class TranslatingRelay final : public Relay {
 public:
  TranslatingRelay(std::unique_ptr<Relay> next, bool usage_wanted)
      : created_(unix_seconds(wall_now())), next_(std::move(next)), stream_(created_, usage_wanted) {}
  [[nodiscard]] std::string_view stream_type() const override { return next_->stream_type(); }
  Result<std::string_view> part(std::string_view bytes) override {
    auto part = stream_.feed(bytes);
    usage_ = stream_.usage();
    if (!part) return fail(part.error());
    part_ = std::move(*part);
    if (part_.empty()) return std::string_view();
    return next_->part(part_);
  }
  Result<void> end() override {
    HEARTH_TRY(stream_.end());
    return next_->end();
  }
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(dialects::TranslatedAnswer answer, dialects::translate_message_answer(body, created_));
    usage_ = answer.usage;
    return next_->whole(std::move(answer.body), &usage_);
  }
  [[nodiscard]] dialects::Usage usage() const override { return usage_; }
  [[nodiscard]] std::string_view kept_as() const override { return next_->kept_as(); }

 private:
  std::int64_t created_;
  std::unique_ptr<Relay> next_;
  dialects::ChatChunkStream stream_;
  std::string part_;
  dialects::Usage usage_;
};

class MessageRelay final : public Relay {
 public:
  Result<std::string_view> part(std::string_view bytes) override {
    HEARTH_TRY_ASSIGN(part_, stream_.feed(bytes));
    return part_;
  }
  Result<void> end() override { return stream_.end(); }
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(usage_, dialects::check_message_answer(body));
    return body;
  }
  [[nodiscard]] dialects::Usage usage() const override {
    return stream_.usage() == dialects::Usage() ? usage_ : stream_.usage();
  }

 private:
  dialects::CheckedMessageStream stream_;
  std::string part_;
  dialects::Usage usage_;
};

class CheckedResponseRelay final : public CheckedBy<dialects::CheckedResponseStream> {
 public:
  explicit CheckedResponseRelay(std::unique_ptr<Relay> next) : CheckedBy(std::move(next), {}) {}
  Result<std::string> whole(std::string body, const dialects::Usage* /*told*/) override {
    HEARTH_TRY_ASSIGN(whole_, dialects::check_response_answer(dialects::JsonBody::borrow(body)));
    return next().whole(std::move(body), &whole_.usage);
  }
  [[nodiscard]] dialects::Usage usage() const override {
    return stream().usage() == dialects::Usage() ? whole_.usage : stream().usage();
  }
  [[nodiscard]] std::string_view kept_as() const override { return stream().id().empty() ? whole_.id : stream().id(); }

 private:
  dialects::CheckedResponse whole_;
};

}  // namespace

std::unique_ptr<Relay> pass_through(const Call&) {
  return std::make_unique<PassThrough>();
}

std::unique_ptr<Relay> check_chat(std::unique_ptr<Relay> next, bool usage_wanted) {
  return std::make_unique<CheckedRelay>(std::move(next), usage_wanted);
}

std::unique_ptr<Relay> from_anthropic(std::unique_ptr<Relay> next, bool usage_wanted) {
  return std::make_unique<TranslatingRelay>(std::move(next), usage_wanted);
}

std::unique_ptr<Relay> pass_message() {
  return std::make_unique<MessageRelay>();
}

std::unique_ptr<Relay> check_response(std::unique_ptr<Relay> next) {
  return std::make_unique<CheckedResponseRelay>(std::move(next));
}

}  // namespace hearth::gateway
