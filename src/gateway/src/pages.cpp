#include "pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace hearth::gateway {
namespace {

constexpr std::size_t kPart = 64 * 1024;
constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxAnswer = 64 << 20;

}  // namespace

net::awaitable<Result<std::size_t>> PageStream::fill() {
  std::vector<char> part(kPart);
  const auto n = co_await source_->read_some(part);
  if (!n) co_return fail(n.error());
  buffer_.append(part.data(), *n);
  co_return *n;
}

net::awaitable<Result<std::optional<kit::FrameHeader>>> PageStream::next() {
  std::size_t end = buffer_.find('\n');
  while (end == std::string::npos) {
    if (buffer_.size() > kMaxLine) co_return fail(Errc::protocol_error, "the media engine sent no frame header");
    const auto n = co_await fill();
    if (!n) co_return fail(n.error());
    if (*n == 0 && buffer_.empty()) co_return std::nullopt;
    if (*n == 0) co_return fail(Errc::protocol_error, "the media engine's frames end midway");
    end = buffer_.find('\n');
  }
  const auto header = kit::decode_frame_header(std::string_view(buffer_).substr(0, end), max_pixels_);
  if (!header) co_return fail(header.error());
  buffer_.erase(0, end + 1);
  co_return *header;
}

net::awaitable<Result<void>> PageStream::pass_on(const kit::FrameHeader& header, net::ClientCall& to) {
  bool reader_gone = false;
  const auto opened = co_await to.write(kit::encode_frame_header(header));
  if (!opened) reader_gone = true;
  for (std::uint64_t left = header.size(); left > 0;) {
    if (buffer_.empty()) {
      const auto n = co_await fill();
      if (!n) co_return fail(n.error());
      if (*n == 0) co_return fail(Errc::protocol_error, "a frame's pixels end midway");
    }
    const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size()));
    if (!reader_gone) {
      const auto written = co_await to.write(std::string_view(buffer_).substr(0, take));
      if (!written && written.error().is(Errc::cancelled)) co_return fail(written.error());
      if (!written) reader_gone = true;
    }
    buffer_.erase(0, take);
    left -= take;
  }
  if (!reader_gone) [[maybe_unused]]
    const auto ended = co_await to.finish_body();
  co_return Result<void>();
}

net::awaitable<Attempt<PageWork>> take_places(Call& call, Upstream& engine, Upstream& media) {
  PageWork work;
  work.engine = &engine;
  work.media = &media;
  auto looking = co_await acquire(call, engine);
  if (!looking) co_return std::unexpected(looking.error());
  work.looking = std::move(*looking);
  work.per_page = work.looking->deadline().time() - steady_now();
  auto making = co_await acquire(call, media);
  if (!making) co_return std::unexpected(making.error());
  work.making = std::move(*making);
  co_return std::move(work);
}

net::awaitable<Attempt<std::string>> ask_about_frame(PageWork& work, PageStream& pages, const kit::FrameHeader& header,
                                                     std::string target) {
  Lease& place = *work.looking;
  const Deadline deadline = Deadline::in(work.per_page).sooner_of(work.making->deadline());
  net::RequestHead head{"POST", std::move(target), {{"Content-Type", std::string(kit::kFramesType)}}};
  auto asked = co_await place.client().open(std::move(head), net::BodyKind::chunked, deadline);
  if (!asked) co_return broke(place, *work.engine, asked.error());
  const auto passed = co_await pages.pass_on(header, *asked);
  if (!passed) {
    place.finish(Outcome::cancelled);
    co_return broke(*work.making, *work.media, passed.error());
  }
  const auto answered = co_await expect_ok(place, *work.engine, *asked);
  if (!answered) co_return std::unexpected(answered.error());
  auto answer = co_await asked->read_all(kMaxAnswer);
  if (!answer) co_return broke(place, *work.engine, answer.error());
  co_return std::move(*answer);
}

}  // namespace hearth::gateway
