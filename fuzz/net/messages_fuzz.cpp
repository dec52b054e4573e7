// Whatever a peer sends as HTTP: it is parsed without harm, to the same message whether it comes at once or in pieces,
// and no field of it breaks the lines of the message that it is passed on in. Input: a byte that says whether it is a
// request, one for the size of the pieces, then the message.
#include "src/message_parser.h"

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace hearth::net;

namespace {

namespace beast = boost::beast;

constexpr std::size_t kHeaders = 8192;
constexpr std::size_t kBody = 65'536;

void check(bool holds) {
  if (!holds) std::abort();
}

template <typename Head>
struct Read {
  Head head;
  std::string body;
  bool has_header = false;
  bool done = false;
  bool failed = false;
};

template <bool IsRequest>
auto read(std::string_view message, std::size_t step) {
  Read<typename MessageParser<IsRequest>::Head> read;
  MessageParser<IsRequest> parser(read.head, kHeaders);
  beast::flat_buffer buffer;
  while (!message.empty() && !read.failed) {
    const std::string_view piece = message.substr(0, step);
    message.remove_prefix(piece.size());
    buffer.commit(boost::asio::buffer_copy(buffer.prepare(piece.size()), boost::asio::buffer(piece)));
    beast::error_code error;
    while (!parser.is_header_done() && buffer.size() > 0 && parser.parse(buffer, error)) {
    }
    if (parser.is_header_done() && !error) parser.take_all(buffer, read.body, kBody, error);
    read.failed = error && error != beast::http::error::need_more;
  }
  read.has_header = parser.is_header_done();
  read.done = read.has_header && parser.is_done();
  return read;
}

void check_fields(const Headers& headers) {
  Headers again;
  for (const Headers::Field& field : headers.fields()) {
    check(field.name.find_first_of("\r\n") == std::string_view::npos);
    check(field.value.find_first_of("\r\n") == std::string_view::npos);
    check(headers.has(field.name));
    again.add(field.name, field.value);
  }
  check(again.text() == headers.text());
}

template <bool IsRequest>
void run(std::string_view message, std::size_t step) {
  const auto whole = read<IsRequest>(message, message.size());
  const auto pieces = read<IsRequest>(message, step);
  check(whole.body.size() <= kBody && pieces.body.size() <= kBody);
  if (whole.failed || pieces.failed) return;  // where a limit is met depends on the pieces
  check(whole.has_header == pieces.has_header);
  check(whole.done == pieces.done);
  if (!whole.has_header) return;
  check_fields(whole.head.headers);
  check(whole.head.headers.text() == pieces.head.headers.text());
  check(whole.body == pieces.body);
  if constexpr (IsRequest) {
    check(whole.head.target == pieces.head.target && whole.head.method == pieces.head.method);
    static_cast<void>(whole.head.path());
    static_cast<void>(whole.head.query("a"));
  } else {
    check(whole.head.status == pieces.head.status);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view message(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t step = 1 + data[1] % 32;
  if (data[0] % 2 == 0) {
    run<true>(message, step);
  } else {
    run<false>(message, step);
  }
  return 0;
}
