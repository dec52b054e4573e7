#include "src/ascii.h"
#include "src/document_field.h"
#include "src/json_reader.h"

#include <hearth/dialects/ocr.h>

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace hearth::dialects {

namespace {

using json::Kind;
using json::Value;

constexpr std::size_t kMaxLanguages = 16;
constexpr std::size_t kMaxNameBytes = 1024;

// `document` as it stands there, before its type is known.
struct RawDocument {
  std::string type;
  std::optional<DocumentSource> document_url;
  std::optional<DocumentSource> image_url;
  std::optional<DocumentSource> file_id;
  std::string name;
};

Decoded<DocumentSource> choose(const RawDocument& raw, const Value& value) {
  const auto take = [&](const std::optional<DocumentSource>& source,
                        std::string_view field) -> Decoded<DocumentSource> {
    if (source) return *source;
    const std::string where = value.path().field(field).text();
    return reject(ApiCode::missing_required_parameter, fmt::format("`{}` is required.", where), where);
  };
  if (raw.type == "document_url") return take(raw.document_url, "document_url");
  if (raw.type == "image_url") return take(raw.image_url, "image_url");
  if (raw.type == "file") return take(raw.file_id, "file_id");
  if (!raw.type.empty()) {
    const std::string where = value.path().field("type").text();
    return reject(ApiCode::invalid_value, fmt::format("`{}` must be one of document_url, image_url, file.", where),
                  where);
  }
  // The type may be left out: the one source that is there says it.
  if (raw.document_url) return *raw.document_url;
  if (raw.image_url) return *raw.image_url;
  if (raw.file_id) return *raw.file_id;
  return std::unexpected(
      value.refuse(ApiCode::missing_required_parameter, "must have a document_url, an image_url or a file_id."));
}

Decoded<void> read_document(Value& value, OcrRequest& request) {
  static constexpr std::array<std::string_view, 5> kFields{"type", "document_url", "image_url", "file_id",
                                                           "document_name"};
  RawDocument raw;
  HEARTH_TRY(value.each_field(kFields, [&](std::string_view name, Value field) -> Decoded<void> {
    if (name == "type") {
      HEARTH_TRY_ASSIGN(raw.type, field.string());
    } else if (name == "document_url") {
      HEARTH_TRY_ASSIGN(raw.document_url, read_url_field(field));
    } else if (name == "image_url") {
      HEARTH_TRY_ASSIGN(raw.image_url, read_url_field(field));
    } else if (name == "file_id") {
      HEARTH_TRY_ASSIGN(raw.file_id, read_file_id(field));
    } else {
      HEARTH_TRY_ASSIGN(raw.name, field.name(kMaxNameBytes));
    }
    return {};
  }));
  HEARTH_TRY_ASSIGN(request.document, choose(raw, value));
  request.document_name = std::move(raw.name);
  return {};
}

// Neighbours that follow each other become one range, so that [0,1,2,…] stays small.
void add_page(std::vector<PageRange>& pages, std::uint32_t page) {
  if (!pages.empty() && pages.back().last + 1 == page) {
    pages.back().last = page;
  } else {
    pages.push_back({page, page});
  }
}

Decoded<std::vector<PageRange>> read_pages(Value& value, const OcrLimits& limits) {
  if (value.kind() == Kind::string) {
    HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
    return parse_pages(text, limits, value.path().text());
  }
  if (value.kind() == Kind::number) {
    HEARTH_TRY_ASSIGN(const std::int64_t page, value.integer(0, limits.max_page));
    return std::vector<PageRange>{{static_cast<std::uint32_t>(page), static_cast<std::uint32_t>(page)}};
  }
  if (value.kind() != Kind::array) {
    return std::unexpected(value.wrong_type("an array of integers or a string such as 0-3,7"));
  }
  std::vector<PageRange> pages;
  HEARTH_TRY(value.each_item(limits.max_page, [&](std::size_t, Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(const std::int64_t page, item.integer(0, limits.max_page));
    add_page(pages, static_cast<std::uint32_t>(page));
    return {};
  }));
  if (pages.size() > limits.max_page_ranges) {
    return std::unexpected(value.refuse(ApiCode::array_above_max_length,
                                        fmt::format("names more than {} ranges of pages.", limits.max_page_ranges)));
  }
  return pages;
}

Decoded<void> read_granularity(Value& value, OcrRequest& request) {
  HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
  if (text != "word" && text != "page" && text != "block") {
    return std::unexpected(value.refuse(ApiCode::invalid_value, "must be one of word, page, block."));
  }
  request.include_words = request.include_words || text == "word";
  return {};
}

std::optional<std::uint32_t> parse_page_number(std::string_view text, std::uint32_t max) {
  text = trim(text);
  std::uint32_t page = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), page);
  if (code != std::errc() || end != text.data() + text.size() || page > max) return std::nullopt;
  return page;
}

}  // namespace

Decoded<OcrRequest> decode_ocr(const JsonBody& body, const OcrLimits& limits) {
  static constexpr std::array<std::string_view, 9> kFields{"model",
                                                           "document",
                                                           "pages",
                                                           "include_image_base64",
                                                           "include_words",
                                                           "confidence_scores_granularity",
                                                           "languages",
                                                           "bbox_annotation_format",
                                                           "document_annotation_format"};
  OcrRequest request;
  json::Document document(body);
  const auto read = [&](std::string_view name, Value value) -> Decoded<void> {
    if (name == "model") {
      HEARTH_TRY_ASSIGN(request.model, value.name());
    } else if (name == "document") {
      HEARTH_TRY(read_document(value, request));
    } else if (name == "pages") {
      HEARTH_TRY_ASSIGN(request.pages, read_pages(value, limits));
    } else if (name == "include_image_base64") {
      HEARTH_TRY_ASSIGN(request.include_image_base64, value.boolean());
    } else if (name == "include_words") {
      HEARTH_TRY_ASSIGN(const bool wanted, value.boolean());
      request.include_words = request.include_words || wanted;
    } else if (name == "confidence_scores_granularity") {
      HEARTH_TRY(read_granularity(value, request));
    } else if (name == "languages") {
      HEARTH_TRY(value.each_item(kMaxLanguages, [&](std::size_t, Value item) -> Decoded<void> {
        HEARTH_TRY_ASSIGN(std::string language, item.name(32));
        request.languages.push_back(std::move(language));
        return {};
      }));
    } else {
      return std::unexpected(value.refuse(ApiCode::unsupported_value,
                                          "asks for structured annotations, which no model on this box can make; leave "
                                          "it out and read `markdown`."));
    }
    return {};
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kFields, read));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("document"));
  request.unescaped = document.unescaped();
  return request;
}

std::string format_pages(std::span<const PageRange> pages) {
  std::string out;
  for (const PageRange& range : pages) {
    if (!out.empty()) out.push_back(',');
    out += range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
  }
  return out;
}

Decoded<std::vector<PageRange>> parse_pages(std::string_view text, const OcrLimits& limits, std::string_view param) {
  std::vector<PageRange> pages;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const std::size_t dash = item.find('-');
    const auto first = parse_page_number(item.substr(0, dash), limits.max_page);
    const auto last =
        dash == std::string_view::npos ? first : parse_page_number(item.substr(dash + 1), limits.max_page);
    if (!first || !last || *last < *first) {
      return reject(ApiCode::invalid_value,
                    fmt::format("`{}` must be page numbers and ranges from 0, such as 0-3,7.", param),
                    std::string(param));
    }
    if (pages.size() == limits.max_page_ranges) {
      return reject(ApiCode::array_above_max_length,
                    fmt::format("`{}` names more than {} ranges of pages.", param, limits.max_page_ranges),
                    std::string(param));
    }
    pages.push_back({*first, *last});
    if (comma == std::string_view::npos) return pages;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace hearth::dialects
