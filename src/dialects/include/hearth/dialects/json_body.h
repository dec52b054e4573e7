// The bytes of a JSON body as the decoders want them: readable a little past their end (the SIMD parser reads whole
// blocks; what lies there is never used).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::dialects {

inline constexpr std::size_t kJsonPadding = 64;

// Either owns its bytes or borrows them. Decoded requests may hold views into it: it must outlive them, and must not be
// moved meanwhile.
class JsonBody {
 public:
  // Takes the bytes over. Costs a copy only if they lack kJsonPadding bytes of spare capacity: whoever fills the string
  // reserves size + kJsonPadding.
  explicit JsonBody(std::string bytes);
  static JsonBody copy_of(std::string_view bytes) { return JsonBody(std::string(bytes)); }
  // `bytes`, which get room for the padding if they lack it, must not be touched while this is used.
  static JsonBody borrow(std::string& bytes) {
    bytes.reserve(bytes.size() + kJsonPadding);
    return borrow_padded(bytes);
  }
  // Memory of someone else's (a mapped spool file) of which at least kJsonPadding bytes past `bytes` can be read.
  static JsonBody borrow_padded(std::string_view bytes);

  JsonBody(const JsonBody&) = delete;
  JsonBody& operator=(const JsonBody&) = delete;
  JsonBody(JsonBody&&) = default;
  JsonBody& operator=(JsonBody&&) = default;
  ~JsonBody() = default;

  [[nodiscard]] std::string_view view() const noexcept { return owned_ ? std::string_view(bytes_) : borrowed_; }
  [[nodiscard]] std::size_t size() const noexcept { return view().size(); }

 private:
  JsonBody() = default;
  std::string bytes_;
  std::string_view borrowed_;
  bool owned_ = true;
};

// Where a value lies in a body, in bytes; a string's span includes its quotes. length 0: not there.
struct Span {
  std::size_t offset = 0;
  std::size_t length = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

// A body with one value replaced, in three pieces that are written one after the other; nothing is copied. `head` and
// `tail` view into the body.
struct SplicedBody {
  std::string_view head;
  std::string replacement;
  std::string_view tail;
  [[nodiscard]] std::size_t size() const noexcept { return head.size() + replacement.size() + tail.size(); }
  [[nodiscard]] std::string join() const;
};

// `body` with the value at `value` replaced by the JSON string `text`. `value` must come from decoding this body.
SplicedBody splice_string(std::string_view body, Span value, std::string_view text);

}  // namespace hearth::dialects
