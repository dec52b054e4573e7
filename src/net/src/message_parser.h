// HTTP/1.1 messages as they come in: Beast parses them, and here is where what it finds is put. Its own containers
// would cost an allocation for each field, and a body would be copied twice.
#pragma once

#include <hearth/net/http.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

namespace hearth::net {

template <bool IsRequest>
class MessageParser final : public boost::beast::http::basic_parser<IsRequest> {
  using Text = boost::beast::string_view;
  using ErrorCode = boost::beast::error_code;

 public:
  using Head = std::conditional_t<IsRequest, RequestHead, ResponseHead>;

  // `head` is filled in; it outlives the parser.
  MessageParser(Head& head, std::size_t header_bytes) : head_(head) {
    this->header_limit(static_cast<std::uint32_t>(header_bytes));
    this->body_limit(boost::none);
  }

  // 10 or 11; once the header is there.
  [[nodiscard]] int version() const noexcept { return version_; }

  // Parses the next part of what is in `buffer`: the header, or of the body. False: an error, or need_more.
  bool parse(boost::beast::flat_buffer& buffer, ErrorCode& ec) {
    buffer.consume(this->put(buffer.data(), ec));
    return !ec;
  }
  // Of the body, as much as is in `buffer` and fits; 0: there is none now, or an error.
  std::size_t take(boost::beast::flat_buffer& buffer, std::span<char> into, ErrorCode& ec) {
    to_ = into;
    while (to_.size() == into.size() && go_on(buffer, ec)) {
    }
    return into.size() - to_.size();
  }
  // All of the body that is in `buffer`, onto `body`. Error::body_limit when that would grow past `limit`.
  void take_all(boost::beast::flat_buffer& buffer, std::string& body, std::size_t limit, ErrorCode& ec) {
    whole_ = &body;
    limit_ = limit;
    while (go_on(buffer, ec)) {
    }
    whole_ = nullptr;
  }

 private:
  // A step; false: there is nothing more in it now, or an error.
  bool go_on(boost::beast::flat_buffer& buffer, ErrorCode& ec) {
    if (this->is_done() || buffer.size() == 0) return false;
    const std::size_t before = buffer.size();
    if (parse(buffer, ec)) return buffer.size() < before;
    if (ec == boost::beast::http::error::need_more) ec = {};
    return false;
  }

  std::size_t put_body(Text part, ErrorCode& ec) {
    if (whole_ == nullptr) {
      const std::size_t n = std::min(part.size(), to_.size());
      std::copy_n(part.data(), n, to_.begin());
      to_ = to_.subspan(n);
      return n;
    }
    if (part.size() > limit_ - std::min(limit_, whole_->size())) {
      ec = boost::beast::http::error::body_limit;
      return 0;
    }
    whole_->append(part.data(), part.size());
    return part.size();
  }

  void on_request_impl(boost::beast::http::verb, Text method, Text target, int version, ErrorCode&) override {
    version_ = version;
    if constexpr (IsRequest) {
      head_.method.assign(method.data(), method.size());
      head_.target.assign(target.data(), target.size());
    }
    head_.headers.clear();
  }
  void on_response_impl(int code, Text, int version, ErrorCode&) override {
    version_ = version;
    if constexpr (!IsRequest) head_.status = code;
    head_.headers.clear();
  }
  void on_field_impl(boost::beast::http::field, Text name, Text value, ErrorCode&) override {
    if (this->is_header_done()) return;  // a trailer
    head_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(Text body, ErrorCode& ec) override { return put_body(body, ec); }
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, ErrorCode& ec) override { return put_body(body, ec); }
  void on_finish_impl(ErrorCode&) override {}

  Head& head_;
  int version_ = 0;
  std::span<char> to_;            // where the body goes: there,
  std::string* whole_ = nullptr;  // or onto this
  std::size_t limit_ = 0;
};

}  // namespace hearth::net
