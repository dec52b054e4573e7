// POST /v1/ocr: a document → the media engine → pages → the OCR engine, page by page.
#include "answer_once.h"
#include "document.h"
#include "pages.h"

#include <hearth/dialects/ocr.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace hearth::gateway {
namespace {

using dialects::ApiCode;

constexpr int kDpi = 200;  // of rendered PDF pages: Tesseract's characters are then about 30 pixels high

struct ReadPages {
  std::vector<dialects::OcrPage> pages;
  std::uint32_t of = 0;  // pages that the document has
};

net::awaitable<Attempt<ReadPages>> read_once(Call& call, const dialects::OcrRequest& request, const Spooled& document,
                                             Upstream& ocr, Upstream& media) {
  const auto& limits = call.services.config.limits;
  auto work = co_await take_places(call, ocr, media);
  if (!work) co_return std::unexpected(work.error());
  Lease& rendering = *work->making;
  std::string target =
      fmt::format("/v1/frames?dpi={}&max_pixels={}&max_frames={}", kDpi, limits.image_pixels, limits.document_pages);
  if (!request.pages.empty()) target += "&pages=" + net::percent_encode(dialects::format_pages(request.pages));
  auto frames = co_await send_spooled(call, rendering, media, std::move(target), document);
  if (!frames) co_return std::unexpected(frames.error());
  const auto head = co_await expect_ok(rendering, media, *frames);
  if (!head) co_return std::unexpected(head.error());

  PageStream stream(&*frames, limits.image_pixels);
  ReadPages read;
  auto& pages = read.pages;
  const std::string ask = request.languages.empty()
                              ? "/v1/ocr"
                              : fmt::format("/v1/ocr?languages={}",
                                            net::percent_encode(fmt::format("{}", fmt::join(request.languages, "+"))));
  for (;;) {
    const auto header = co_await stream.next();
    if (!header) co_return broke(rendering, media, header.error());
    if (!header->has_value()) break;
    const kit::FrameHeader& frame = **header;
    if (pages.size() >= limits.document_pages) {
      co_return give_up(dialects::api_error(
          ApiCode::too_many_pages,
          fmt::format("the document has more than {} pages (limits.document_pages); name fewer in 'pages'",
                      limits.document_pages),
          "document"));
    }
    auto answer = co_await ask_about_frame(*work, stream, frame, ask);
    if (!answer) co_return std::unexpected(answer.error());
    answer->reserve(answer->size() + dialects::kJsonPadding);
    const dialects::JsonBody json(std::move(*answer));
    auto page = co_await parse_sized(call, json.size(), [&] { return dialects::decode_ocr_page(json); });
    if (!page) co_return unreadable(*work->looking, *work->engine);
    read.of = frame.total;
    page->index = frame.number;
    page->dpi = static_cast<std::uint32_t>(frame.dpi);
    pages.push_back(std::move(*page));
  }
  work->finish(Outcome::ok);
  co_return read;
}

}  // namespace

net::awaitable<dialects::Decoded<Spooled>> open_document(Call& call, const dialects::DocumentSource& source,
                                                         std::string param) {
  if (const auto* url = std::get_if<dialects::DataUrl>(&source)) {
    auto spooled = co_await spool_base64(call, url->payload, param);
    if (spooled && spooled->size() == 0)
      co_return dialects::reject(ApiCode::empty_file, "the data URL holds no bytes", param);
    co_return spooled;
  }
  const auto& file = std::get<dialects::FileRef>(source);
  auto opened = co_await call.services.pool.run([&] { return call.services.files.read(file.id, call.principal.id); });
  if (opened) co_return std::move(*opened);
  if (opened.error().is(Errc::not_found))
    co_return dialects::reject(ApiCode::file_not_found, opened.error().message(), param);
  co_return std::unexpected(dialects::to_api_error(opened.error()));
}

namespace {

net::awaitable<void> read_document(Call& call, const dialects::OcrRequest& request, const Model& model,
                                   Upstream& media) {
  const auto document = co_await open_document(call, request.document, "document");
  if (!document) co_return co_await reply_error(call, document.error());

  Attempt<ReadPages> read = give_up({});
  do {
    ++call.decision.attempts;
    read = co_await read_once(call, request, *document, *model.upstream, media);
  } while (!read && read.error().again == Again::here && call.decision.attempts < 2);
  if (!read) {
    auto error = read.error().error;
    if (error.status < 500 && !error.param && error.status != 499) error.param = "document";
    co_return co_await reply_error(call, error);
  }
  const auto words = request.include_words ? dialects::OcrWords::include : dialects::OcrWords::leave_out;
  const std::string name = request.model.empty() ? model.id : request.model;
  const std::string answer = dialects::encode_ocr(read->pages, name, document->size(), words);
  call.decision.status = 200;
  net::Headers headers = answer_headers(call, "application/json");
  // Ours: lets a client that asks for a page at a time know when it has them all.
  if (read->of > 0) headers.add("X-Document-Pages", fmt::format("{}", read->of));
  [[maybe_unused]] const auto sent = co_await call.exchange.respond(200, std::move(headers), answer);
}

}  // namespace

net::awaitable<void> handle_ocr(Call& call) {
  call.decision.operation = "ocr";
  auto body = co_await receive_json(call);
  if (!body) co_return co_await reply_error(call, body.error());
  const auto request = co_await parse_sized(call, body->size(), [&] { return dialects::decode_ocr(*body); });
  if (!request) co_return co_await reply_error(call, request.error());
  const auto model = choose_model(call, request->model, Task::ocr);
  if (!model) co_return co_await reply_error(call, model.error());
  const auto media = media_of(call);
  if (!media) co_return co_await reply_error(call, media.error().error);
  const auto ask = [&] { return read_document(call, *request, **model, **media); };
  co_await answer_once(call, {*model, {}}, &*body, ask);
}

}  // namespace hearth::gateway
