// POST /v1/ocr in Mistral's shape, as Mistral's SDKs and Open WebUI send it, and the page that the OCR engine answers.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/data_url.h>
#include <hearth/dialects/json_body.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::dialects {

// Pages from `first` to `last`, both included, counted from 0.
struct PageRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const PageRange&, const PageRange&) = default;
};

struct OcrLimits {
  std::size_t max_page_ranges = 1000;
  std::uint32_t max_page = 100000;
};

// Its data URL views into the body, or into `unescaped`; the body must outlive the request.
struct OcrRequest {
  std::string model;
  DocumentSource document;
  std::string document_name;     // "" if not given
  std::vector<PageRange> pages;  // empty: all. In the order asked for
  bool include_image_base64 = false;
  bool include_words = false;          // ours, `include_words`; also for confidence_scores_granularity "word"
  std::vector<std::string> languages;  // ours: ["eng","chi_sim"]; empty: the engine's default
  std::shared_ptr<const std::string> unescaped;
};
Decoded<OcrRequest> decode_ocr(const JsonBody& body, const OcrLimits& limits = {});

// "0-3,7" for the media engine's `pages`; empty for all.
std::string format_pages(std::span<const PageRange> pages);
// The inverse. invalid_value with `param`.
Decoded<std::vector<PageRange>> parse_pages(std::string_view text, const OcrLimits& limits, std::string_view param);

// Pixels of the page as it was rendered: x0, y0, x1, y1.
using PixelBox = std::array<double, 4>;

struct OcrWord {
  std::string text;
  PixelBox box{};
  double confidence = 0;  // 0 to 1
  int line = 0;
  int block = 0;
};
struct OcrBlock {
  std::string type;  // "heading", "paragraph", "list", "table"
  PixelBox box{};
  std::string text;
};
struct OcrPage {
  std::uint32_t index = 0;  // in the document, from 0
  std::string text;
  std::string markdown;
  double confidence = 0;
  int rotation = 0;
  double skew = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t dpi = 0;
  std::vector<OcrWord> words;
  std::vector<OcrBlock> blocks;
};

struct OcrPageLimits {
  std::size_t max_words = 200000;
  std::size_t max_blocks = 20000;
};
// The engine's answer for one frame; `index` and `dpi` are the caller's to fill in. protocol_error, too_large.
Result<OcrPage> decode_ocr_page(const JsonBody& body, const OcrPageLimits& limits = {});

// One page's object of the answer. Answers are written page by page: encode_ocr_head + pages joined by "," + tail.
enum class OcrWords { leave_out, include };
std::string encode_ocr_page(const OcrPage& page, OcrWords words);
// {"pages":[ …, ],"model":…,"document_annotation":null,"usage_info":{…}}
std::string encode_ocr(std::span<const OcrPage> pages, std::string_view model, std::uint64_t doc_size_bytes,
                       OcrWords words);

}  // namespace hearth::dialects
