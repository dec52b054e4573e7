#include <hearth/core/log.h>
#include <hearth/dialects/json_body.h>

namespace hearth::dialects {

JsonBody::JsonBody(std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.capacity() - bytes_.size() < kJsonPadding) bytes_.reserve(bytes_.size() + kJsonPadding);
}

JsonBody JsonBody::borrow_padded(std::string_view bytes) {
  JsonBody body;
  body.borrowed_ = bytes;
  body.owned_ = false;
  return body;
}

std::string SplicedBody::join() const {
  std::string out;
  out.reserve(size());
  return out.append(head).append(replacement).append(tail);
}

SplicedBody splice_string(std::string_view body, Span value, std::string_view text) {
  SplicedBody spliced;
  spliced.head = body.substr(0, value.offset);
  log::append_json_string(spliced.replacement, text);
  spliced.tail = body.substr(value.offset + value.length);
  return spliced;
}

}  // namespace hearth::dialects
