#include "src/json_reader.h"
#include "src/json_writer.h"
#include "src/pixel_box.h"

#include <hearth/dialects/ocr.h>

#include <algorithm>

namespace hearth::dialects {

namespace {

using json::Value;

constexpr std::int64_t kMaxPixels = 1'000'000;  // a side
constexpr int kScoreDigits = 4;
constexpr int kPixelDigits = 1;

Decoded<OcrWord> read_word(Value& value) {
  static constexpr std::array<std::string_view, 5> kFields{"text", "box", "confidence", "line", "block"};
  OcrWord word;
  HEARTH_TRY(value.each_field(kFields, [&](std::string_view name, Value field) -> Decoded<void> {
    if (name == "text") {
      HEARTH_TRY_ASSIGN(word.text, field.string());
    } else if (name == "box") {
      HEARTH_TRY_ASSIGN(word.box, read_pixel_box(field));
    } else if (name == "confidence") {
      HEARTH_TRY_ASSIGN(word.confidence, field.number(0, 1));
    } else {
      HEARTH_TRY_ASSIGN(const std::int64_t number, field.integer(0, kMaxPixels));
      (name == "line" ? word.line : word.block) = static_cast<int>(number);
    }
    return {};
  }));
  return word;
}

Decoded<OcrBlock> read_block(Value& value) {
  static constexpr std::array<std::string_view, 3> kFields{"type", "box", "text"};
  OcrBlock block;
  HEARTH_TRY(value.each_field(kFields, [&](std::string_view name, Value field) -> Decoded<void> {
    if (name == "type") {
      HEARTH_TRY_ASSIGN(block.type, field.string());
    } else if (name == "box") {
      HEARTH_TRY_ASSIGN(block.box, read_pixel_box(field));
    } else {
      HEARTH_TRY_ASSIGN(block.text, field.string());
    }
    return {};
  }));
  return block;
}

Decoded<void> read_page_field(std::string_view name, Value& value, const OcrPageLimits& limits, OcrPage& page) {
  if (name == "text") {
    HEARTH_TRY_ASSIGN(page.text, value.string());
  } else if (name == "markdown") {
    HEARTH_TRY_ASSIGN(page.markdown, value.string());
  } else if (name == "confidence") {
    HEARTH_TRY_ASSIGN(page.confidence, value.number(0, 1));
  } else if (name == "rotation") {
    HEARTH_TRY_ASSIGN(const std::int64_t degrees, value.integer(-360, 360));
    page.rotation = static_cast<int>(degrees);
  } else if (name == "skew") {
    HEARTH_TRY_ASSIGN(page.skew, value.number(-360, 360));
  } else if (name == "width" || name == "height") {
    HEARTH_TRY_ASSIGN(const std::int64_t pixels, value.integer(0, kMaxPixels));
    (name == "width" ? page.width : page.height) = static_cast<std::uint32_t>(pixels);
  } else if (name == "words") {
    HEARTH_TRY(value.each_item(limits.max_words, [&page](std::size_t, Value item) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(OcrWord word, read_word(item));
      page.words.push_back(std::move(word));
      return {};
    }));
  } else {
    HEARTH_TRY(value.each_item(limits.max_blocks, [&page](std::size_t, Value item) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(OcrBlock block, read_block(item));
      page.blocks.push_back(std::move(block));
      return {};
    }));
  }
  return {};
}

void write_box(json::Writer& w, const PixelBox& box) {
  w.key("box").begin_array();
  for (const double edge : box) w.rounded(edge, kPixelDigits);
  w.end_array();
}

void write_words(json::Writer& w, std::span<const OcrWord> words) {
  w.key("words").begin_array();
  for (const OcrWord& word : words) {
    w.begin_object().key("text").string(word.text);
    write_box(w, word.box);
    w.key("confidence").rounded(word.confidence, kScoreDigits);
    w.key("line").number(word.line).key("block").number(word.block).end_object();
  }
  w.end_array();
}

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Mistral's form of the same: where each word stands in the Markdown, in characters.
void write_confidence_scores(json::Writer& w, const OcrPage& page) {
  double lowest = page.words.empty() ? page.confidence : 1.0;
  for (const OcrWord& word : page.words) lowest = std::min(lowest, word.confidence);
  w.key("confidence_scores").begin_object();
  w.key("average_page_confidence_score").rounded(page.confidence, kScoreDigits);
  w.key("minimum_page_confidence_score").rounded(lowest, kScoreDigits);
  w.key("word_confidence_scores").begin_array();
  const std::string_view markdown = page.markdown;
  std::size_t at = 0;          // bytes
  std::size_t characters = 0;  // the same in code points
  for (const OcrWord& word : page.words) {
    // Punctuation is escaped in Markdown, so that a word may not be found; it gets the place of the one before.
    const std::size_t found = word.text.empty() ? std::string_view::npos : markdown.find(word.text, at);
    if (found != std::string_view::npos) {
      characters += code_points(markdown.substr(at, found - at));
      at = found;
    }
    w.begin_object().key("text").string(word.text);
    w.key("confidence").rounded(word.confidence, kScoreDigits);
    w.key("start_index").number(characters).end_object();
  }
  w.end_array().end_object();
}

void write_page(json::Writer& w, const OcrPage& page, OcrWords words) {
  w.begin_object();
  w.key("index").number(page.index);
  w.key("markdown").string(page.markdown);
  w.key("images").begin_array().end_array();
  w.key("dimensions").begin_object();
  w.key("dpi").number(page.dpi).key("height").number(page.height).key("width").number(page.width).end_object();
  w.key("text").string(page.text);
  w.key("confidence").rounded(page.confidence, kScoreDigits);
  w.key("rotation").number(page.rotation);
  w.key("skew").rounded(page.skew, kScoreDigits);
  if (words == OcrWords::include) {
    write_confidence_scores(w, page);
    write_words(w, page.words);
  }
  w.end_object();
}

}  // namespace

Result<OcrPage> decode_ocr_page(const JsonBody& body, const OcrPageLimits& limits) {
  static constexpr std::array<std::string_view, 9> kFields{"text",  "markdown", "confidence", "rotation", "skew",
                                                           "width", "height",   "words",      "blocks"};
  OcrPage page;
  json::Document document(body);
  const auto fields = document.each_field(
      kFields, [&](std::string_view name, Value value) { return read_page_field(name, value, limits, page); });
  if (!fields) return fail(json::engine_fault(fields.error(), "the OCR engine's page"));
  if (!fields->has("text") || !fields->has("markdown")) {
    return fail(Errc::protocol_error, "The OCR engine's page has no `text` or no `markdown`.");
  }
  return page;
}

std::string encode_ocr_page(const OcrPage& page, OcrWords words) {
  json::Writer w;
  write_page(w, page, words);
  return w.take();
}

std::string encode_ocr(std::span<const OcrPage> pages, std::string_view model, std::uint64_t doc_size_bytes,
                       OcrWords words) {
  json::Writer w;
  w.begin_object().key("pages").begin_array();
  for (const OcrPage& page : pages) write_page(w, page, words);
  w.end_array();
  w.key("model").string(model);
  w.key("document_annotation").null();
  w.key("usage_info").begin_object();
  w.key("pages_processed").number(pages.size()).key("doc_size_bytes").number(doc_size_bytes).end_object();
  w.end_object();
  return w.take();
}

}  // namespace hearth::dialects
