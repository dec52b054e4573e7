// POST /v1/images/detections: a picture, or frames of a video → the media engine → pixels → the vision engine.
#include "document.h"
#include "pages.h"

#include <hearth/dialects/detections.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace hearth::gateway {
namespace {

using dialects::ApiCode;

using Images = std::vector<dialects::ImageDetections>;

// What the vision engine finds in the current frame.
net::awaitable<Attempt<dialects::ImageDetections>> detect_in_frame(Call& call, PageWork& work,
                                                                   const kit::FrameHeader& frame, PageStream& stream,
                                                                   std::string target) {
  auto answer = co_await ask_about_frame(work, stream, frame, std::move(target));
  if (!answer) co_return std::unexpected(answer.error());
  answer->reserve(answer->size() + dialects::kJsonPadding);
  const dialects::JsonBody json(std::move(*answer));
  auto found = co_await parse_sized(call, json.size(), [&] { return dialects::decode_engine_detections(json); });
  if (!found) co_return unreadable(*work.looking, *work.engine);
  if (frame.kind == "video") found->time = frame.time;
  co_return std::move(*found);
}

net::awaitable<Attempt<Images>> detect_once(Call& call, const dialects::DetectionsRequest& request,
                                            const Spooled& image, Upstream& vision, Upstream& media) {
  const auto& limits = call.services.config.limits;
  auto work = co_await take_places(call, vision, media);
  if (!work) co_return std::unexpected(work.error());
  Lease& decoding = *work->making;
  std::string frames_of = fmt::format("/v1/frames?max_frames={}&every={}&max_pixels={}", request.max_frames,
                                      request.every, limits.image_pixels);
  auto frames = co_await send_spooled(call, decoding, media, std::move(frames_of), image);
  if (!frames) co_return std::unexpected(frames.error());
  const auto head = co_await expect_ok(decoding, media, *frames);
  if (!head) co_return std::unexpected(head.error());

  std::string target = fmt::format("/v1/detect?annotate={}", request.annotate ? 1 : 0);
  if (!request.labels.empty())
    target += "&labels=" + net::percent_encode(fmt::format("{}", fmt::join(request.labels, ",")));
  PageStream stream(&*frames, limits.image_pixels);
  Images images;
  while (images.size() < request.max_frames) {
    const auto header = co_await stream.next();
    if (!header) co_return broke(decoding, media, header.error());
    if (!header->has_value()) break;
    auto found = co_await detect_in_frame(call, *work, **header, stream, target);
    if (!found) co_return std::unexpected(found.error());
    dialects::drop_below(*found, request.min_score);
    images.push_back(std::move(*found));
  }
  if (images.empty())
    co_return give_up(dialects::api_error(ApiCode::no_video, "the file has no picture in it", "image"));
  work->finish(Outcome::ok);
  co_return images;
}

net::awaitable<void> detect(Call& call, const dialects::DetectionsRequest& request, const Spooled& image) {
  const auto model = choose_model(call, request.model, Task::detection);
  if (!model) co_return co_await reply_error(call, model.error());
  const auto media = media_of(call);
  if (!media) co_return co_await reply_error(call, media.error().error);
  Attempt<Images> found = give_up({});
  do {
    ++call.decision.attempts;
    found = co_await detect_once(call, request, image, *(*model)->upstream, **media);
  } while (!found && found.error().again == Again::here && call.decision.attempts < 2);
  if (!found) {
    auto error = found.error().error;
    if (error.status < 500 && !error.param && error.status != 499) error.param = "image";
    co_return co_await reply_error(call, error);
  }
  const std::string answer = dialects::encode_detections(*found, request.model.empty() ? (*model)->id : request.model,
                                                         unix_seconds(wall_now()));
  co_await reply_json(call, answer);
}

net::awaitable<void> detect_in_form(Call& call) {
  auto upload = co_await receive_form(call, "image");
  if (!upload) co_return co_await reply_error(call, upload.error());
  const auto request = dialects::decode_detections_form(upload->fields);
  if (!request) co_return co_await reply_error(call, request.error());
  if (!upload->file)
    co_return co_await reply_error(call, dialects::api_error(ApiCode::missing_required_parameter,
                                                             "send the picture as the form's part 'image'", "image"));
  if (upload->file->content.size() == 0)
    co_return co_await reply_error(
        call, dialects::api_error(ApiCode::empty_file, "the file has no bytes; send a picture", "image"));
  co_await detect(call, *request, upload->file->content);
}

}  // namespace

net::awaitable<void> handle_detections(Call& call) {
  call.decision.operation = "detection";
  if (is_multipart(call)) co_return co_await detect_in_form(call);
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto request = co_await parse_sized(call, body->size(), [&] { return dialects::decode_detections(*body); });
  if (!request) co_return co_await reply_error(call, request.error());
  const auto image = co_await open_document(call, *request->image, "image");
  if (!image) co_return co_await reply_error(call, image.error());
  co_await detect(call, *request, *image);
}

}  // namespace hearth::gateway
