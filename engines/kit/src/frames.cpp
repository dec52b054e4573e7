#include <hearth/kit/frames.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace hearth::kit {
namespace {

constexpr std::size_t kMaxLine = 1024;

namespace json = boost::json;

std::unexpected<Error> bad(std::string_view what) {
  return fail(Errc::protocol_error, fmt::format("not a frame header: {}", what));
}

Result<std::uint32_t> integer(const json::object& o, std::string_view key) {
  const json::value* v = o.if_contains(key);
  if (v == nullptr) return std::uint32_t{0};
  const std::int64_t* i = v->if_int64();
  if (i == nullptr || *i < 0 || *i > std::numeric_limits<std::uint32_t>::max()) return bad(key);
  return static_cast<std::uint32_t>(*i);
}

double real(const json::object& o, std::string_view key) {
  const json::value* v = o.if_contains(key);
  if (v == nullptr || !v->is_number()) return 0;
  const double d = v->is_double() ? v->get_double() : static_cast<double>(v->is_int64() ? v->get_int64() : 0);
  return std::isfinite(d) ? d : 0;
}

}  // namespace

std::string encode_frame_header(const FrameHeader& h) {
  const json::object o{{"index", h.index}, {"total", h.total},   {"kind", h.kind},         {"number", h.number},
                       {"width", h.width}, {"height", h.height}, {"channels", h.channels}, {"dpi", h.dpi},
                       {"time", h.time},   {"size", h.size()}};
  return json::serialize(o) + "\n";
}

Result<FrameHeader> decode_frame_header(std::string_view line, std::uint64_t max_pixels) {
  if (line.size() > kMaxLine) return bad("the line is too long");
  json::error_code ec;
  const json::value value = json::parse(line, ec);
  if (ec || !value.is_object()) return bad("no JSON object");
  const json::object& o = value.get_object();
  FrameHeader h;
  HEARTH_TRY_ASSIGN(h.index, integer(o, "index"));
  HEARTH_TRY_ASSIGN(h.total, integer(o, "total"));
  HEARTH_TRY_ASSIGN(h.number, integer(o, "number"));
  HEARTH_TRY_ASSIGN(h.width, integer(o, "width"));
  HEARTH_TRY_ASSIGN(h.height, integer(o, "height"));
  HEARTH_TRY_ASSIGN(h.channels, integer(o, "channels"));
  if (const json::value* kind = o.if_contains("kind"); kind != nullptr && kind->is_string())
    h.kind = std::string(kind->get_string());
  h.dpi = real(o, "dpi");
  h.time = real(o, "time");
  if (h.width == 0 || h.height == 0) return bad("no width or height");
  if (h.channels != 1 && h.channels != 3) return bad("channels must be 1 or 3");
  if (std::uint64_t{h.width} * h.height > max_pixels)
    return fail(Errc::too_large,
                fmt::format("a frame of {}×{} pixels is over the limit of {} pixels", h.width, h.height, max_pixels));
  const json::value* size = o.if_contains("size");
  if (size == nullptr || !size->is_int64() || static_cast<std::uint64_t>(size->get_int64()) != h.size())
    return bad("size is not width × height × channels");
  return h;
}

Result<Frame> read_frame(const ReadSome& read, std::uint64_t max_pixels) {
  std::string line;
  for (char c = 0;;) {  // a byte at a time: the line is short, and nothing past it may be taken
    HEARTH_TRY_ASSIGN(const std::size_t n, read(std::span<char>(&c, 1)));
    if (n == 0 && line.empty()) return fail(Errc::not_found, "no more frames");
    if (n == 0) return bad("it ends midway");
    if (c == '\n') break;
    line.push_back(c);
    if (line.size() > kMaxLine) return bad("the line is too long");
  }
  Frame frame;
  HEARTH_TRY_ASSIGN(frame.header, decode_frame_header(line, max_pixels));
  frame.pixels.resize(frame.header.size());
  std::span<char> left(frame.pixels);
  while (!left.empty()) {
    HEARTH_TRY_ASSIGN(const std::size_t n, read(left));
    if (n == 0) return fail(Errc::protocol_error, "the frame's pixels end midway");
    left = left.subspan(n);
  }
  return frame;
}

}  // namespace hearth::kit
