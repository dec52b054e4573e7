// What Beast finds in a message gets where it belongs, in whatever pieces it comes.
#include "src/message_parser.h"

#include <boost/asio/buffer.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace hearth::net {
namespace {

namespace beast = boost::beast;

enum class How { piece_by_piece, all_at_once };

// What came of bytes that come in the given pieces.
struct Read {
  RequestHead head;
  std::string body;
  bool done = false;
  beast::error_code error;
};

void add(beast::flat_buffer& buffer, std::string_view bytes) {
  buffer.commit(boost::asio::buffer_copy(buffer.prepare(bytes.size()), boost::asio::buffer(bytes)));
}

Read read(const std::vector<std::string>& pieces, How how, std::size_t limit = 1'000'000) {
  Read read;
  read.head.target = "/of-the-request-before";
  read.head.headers.add("Left-Over", "of the request before");
  MessageParser<true> parser(read.head, 8192);
  beast::flat_buffer buffer;
  std::array<char, 7> part{};
  for (const std::string& piece : pieces) {
    add(buffer, piece);
    while (!parser.is_header_done() && buffer.size() > 0) {
      if (parser.parse(buffer, read.error)) continue;
      if (read.error != beast::http::error::need_more) return read;
      read.error = {};
      break;
    }
    if (!parser.is_header_done()) continue;
    if (how == How::all_at_once) parser.take_all(buffer, read.body, limit, read.error);
    while (how == How::piece_by_piece && !read.error) {
      const std::size_t n = parser.take(buffer, part, read.error);
      read.body.append(part.data(), n);
      if (n == 0) break;
    }
    if (read.error) return read;
  }
  read.done = parser.is_header_done() && parser.is_done();
  return read;
}

std::vector<std::string> cut(std::string_view message) {
  std::vector<std::string> pieces;
  while (!message.empty()) {
    const auto n = *rc::gen::inRange<std::size_t>(1, std::min<std::size_t>(message.size(), 40) + 1);
    pieces.emplace_back(message.substr(0, n));
    message.remove_prefix(n);
  }
  return pieces;
}

std::string in_chunks(std::string_view body) {
  std::string text;
  while (!body.empty()) {
    const auto n = *rc::gen::inRange<std::size_t>(1, body.size() + 1);
    text += fmt::format("{:x}{}\r\n{}\r\n", n, *rc::gen::element<std::string>("", ";a=b"), body.substr(0, n));
    body.remove_prefix(n);
  }
  return text + *rc::gen::element<std::string>("0\r\n\r\n", "0\r\nX-One: of the trailer\r\n\r\n");
}

RC_GTEST_PROP(MessageParser, ReadsTheSameInWhateverPieces, ()) {
  const std::string body = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  const bool chunked = *rc::gen::arbitrary<bool>();
  const std::string message = "POST /v1/x?y=z HTTP/1.1\r\nHost: box\r\nX-One:  first \r\nx-one: second\r\nEmpty:\r\n" +
                              (chunked ? "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body)
                                       : fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body));
  const Read got = read(cut(message), *rc::gen::element(How::piece_by_piece, How::all_at_once));
  RC_ASSERT(!got.error);
  RC_ASSERT(got.done);
  RC_ASSERT(got.body == body);
  RC_ASSERT(got.head.method == "POST");
  RC_ASSERT(got.head.target == "/v1/x?y=z");
  RC_ASSERT(got.head.headers.get("x-one") == "first");
  RC_ASSERT(got.head.headers.get("EMPTY").empty());
  RC_ASSERT(got.head.headers.has("EMPTY"));
  RC_ASSERT(!got.head.headers.has("left-over"));
  RC_ASSERT(got.head.headers.fields().size() == 5U);
}

RC_GTEST_PROP(MessageParser, ABodyIsNotReadPastItsLimit, ()) {
  const std::string body(*rc::gen::inRange<std::size_t>(1, 200), 'x');
  const auto limit = *rc::gen::inRange<std::size_t>(0, 200);
  const bool chunked = *rc::gen::arbitrary<bool>();
  const std::string message =
      "POST / HTTP/1.1\r\n" + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body)
                                       : fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body));
  const Read got = read(cut(message), How::all_at_once, limit);
  RC_ASSERT((got.error == beast::http::error::body_limit) == (body.size() > limit));
  RC_ASSERT(got.body.size() <= limit);
}

TEST(MessageParser, RefusesWhatTwoServersCouldReadDifferently) {
  for (const char* bad : {"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
                          "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                          "POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc", "POST / HTTP/1.1\nHost: a\n\n"})
    EXPECT_TRUE(read({bad}, How::all_at_once).error) << bad;
}

}  // namespace
}  // namespace hearth::net
