#include "handler.h"

#include "languages.h"
#include "page_json.h"

#include <hearth/core/clock.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>

#include <cmath>

namespace hearth::ocr {
namespace {

namespace json = boost::json;

constexpr std::int64_t kBigFrame = 8'000'000;  // pixels

// The choice, or an answer already given.
std::optional<LanguageChoice> choose_languages(const Service& service, kit::Request& request, kit::Response& response) {
  const auto asked = request.query("languages");
  if (!asked || asked->empty()) {
    LanguageChoice choice = default_languages(service.tessdata);
    if (!choice.main.empty()) return choice;
    response.error(503, "language_not_installed",
                   fmt::format("no OCR language is installed in {}; install one: apt-get install tesseract-ocr-eng",
                               service.tessdata.string()));
    return std::nullopt;
  }
  const auto names = parse_languages(*asked);
  if (!names) {
    response.error(400, "invalid_language", names.error().message(), "languages");
    return std::nullopt;
  }
  for (const std::string& name : *names) {
    if (is_installed(service.tessdata, name)) continue;
    response.error(
        400, "language_not_installed",
        fmt::format("the OCR language '{0}' is not installed; install it with `apt-get install {1}` or `hearth "
                    "pull {1}`. Installed: {2}",
                    name, package_of(name), fmt::join(installed_languages(service.tessdata), ", ")),
        "languages");
    return std::nullopt;
  }
  return LanguageChoice{joined_names(*names), {}};
}

void refuse_frame(const Error& e, kit::Response& response) {
  switch (e.kind()) {
    case Errc::too_large:
      return response.error(413, "image_too_large", e.message());
    case Errc::not_found:
      return response.error(400, "empty_file", "the request has no frame; send one frame as the body");
    case Errc::protocol_error:
      return response.error(400, "invalid_frame", e.message());
    default:
      return response.error(e);
  }
}

void refuse_reading(const Error& e, kit::Response& response) {
  if (e.is(Errc::deadline_exceeded)) return response.error(503, "ocr_timeout", e.message());
  response.error(e);
}

}  // namespace

LanguageChoice default_languages(const std::filesystem::path& tessdata) {
  const bool english = is_installed(tessdata, "eng");
  const bool chinese = is_installed(tessdata, "chi_sim");
  if (english && chinese) return {"eng", "chi_sim+eng"};
  if (english) return {"eng", {}};
  if (chinese) return {"chi_sim", {}};
  const auto all = installed_languages(tessdata);
  return {all.empty() ? std::string() : all.front(), {}};
}

void answer_ocr(const Service& service, kit::Request& request, kit::Response& response) {
  const auto languages = choose_languages(service, request, response);
  if (!languages) return;
  const Deadline deadline = Deadline::in(service.time_limit);
  const Interrupt interrupt = [&]() -> Result<void> {
    if (request.abandoned()) return fail(Errc::cancelled, "the client has left");
    if (deadline.passed())
      return fail(Errc::deadline_exceeded, fmt::format("reading this page took longer than {} s; send a smaller one",
                                                       service.time_limit.count()));
    return {};
  };
  // The slot is taken before the pixels are read, so that waiting requests hold no frames.
  const auto lease = service.pool.take(languages->main, interrupt);
  if (!lease) return refuse_reading(lease.error(), response);
  auto frame = kit::read_frame([&](std::span<char> into) { return request.read(into); }, kMostPixels);
  if (!frame) return refuse_frame(frame.error(), response);
  const int width = static_cast<int>(frame->header.width);
  const int height = static_cast<int>(frame->header.height);
  const auto page = read_frame_text(**lease, std::move(*frame), *languages, interrupt);
  if (page) {
    response.json(200, to_json(*page, width, height));
  } else {
    refuse_reading(page.error(), response);
  }
  // glibc keeps what a big page took for the next one, which may never come.
  if (std::int64_t{width} * height > kBigFrame) ::malloc_trim(0);
}

void answer_languages(const Service& service, kit::Response& response) {
  json::array names;
  for (const std::string& name : installed_languages(service.tessdata)) names.emplace_back(name);
  response.json(200, {{"data", std::move(names)}});
}

}  // namespace hearth::ocr
