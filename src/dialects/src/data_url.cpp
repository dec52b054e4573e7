#include "src/ascii.h"

#include <hearth/dialects/data_url.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::dialects {

namespace {

constexpr std::size_t kMaxDataUrlHead = 256;  // "data:…;base64," with a media type and its parameters
constexpr std::size_t kMaxUrl = 8192;

std::unexpected<ApiError> bad_data_url(std::string_view param, std::string_view why) {
  return reject(ApiCode::invalid_data_url, fmt::format("`{}` {}; send data:<media type>;base64,<data>.", param, why),
                std::string(param));
}

// The id in ".../v1/files/{id}/content", whatever host and query; empty if the URL is not of that form.
std::string_view own_file_id(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  constexpr std::string_view kFiles = "/v1/files/";
  constexpr std::string_view kContent = "/content";
  const std::size_t files = url.find(kFiles);
  if (files == std::string_view::npos || !url.ends_with(kContent)) return {};
  const std::string_view id = url.substr(files + kFiles.size());
  if (id.size() <= kContent.size()) return {};
  return id.substr(0, id.size() - kContent.size());
}

}  // namespace

Decoded<DataUrl> parse_data_url(std::string_view text, std::string_view param) {
  constexpr std::string_view kScheme = "data:";
  if (!istarts_with(text, kScheme)) return bad_data_url(param, "is no data URL");
  const std::size_t comma = text.substr(0, kMaxDataUrlHead).find(',');
  if (comma == std::string_view::npos) return bad_data_url(param, "has no comma between its head and its data");
  std::string_view head = text.substr(kScheme.size(), comma - kScheme.size());

  constexpr std::string_view kBase64 = ";base64";
  if (head.size() < kBase64.size() || !iequals(head.substr(head.size() - kBase64.size()), kBase64)) {
    return bad_data_url(param, "is not base64-encoded");
  }
  head.remove_suffix(kBase64.size());
  DataUrl url;
  url.media_type = to_lower(trim(head.substr(0, head.find(';'))));
  if (url.media_type.empty()) url.media_type = "text/plain";
  url.payload = text.substr(comma + 1);
  if (url.payload.empty())
    return reject(ApiCode::empty_file, fmt::format("`{}` holds no data.", param), std::string(param));
  return url;
}

Decoded<DocumentSource> parse_document_url(std::string_view text, std::string_view param) {
  if (istarts_with(text, "data:")) {
    HEARTH_TRY_ASSIGN(DataUrl url, parse_data_url(text, param));
    return url;
  }
  if (is_file_id(text)) return FileRef{std::string(text)};
  if (istarts_with(text, "http://") || istarts_with(text, "https://")) {
    const std::string_view id = text.size() <= kMaxUrl ? own_file_id(text) : std::string_view();
    if (is_file_id(id)) return FileRef{std::string(id)};
    return reject(ApiCode::remote_documents_disabled,
                  fmt::format("`{}` is a URL on the net, and this box fetches nothing for a client. Send the document "
                              "as a data URL (data:application/pdf;base64,…), or upload it with POST /v1/files and "
                              "send its id.",
                              param),
                  std::string(param));
  }
  return reject(ApiCode::invalid_value,
                fmt::format("`{}` must be a data URL, the id of an uploaded file or its URL on this box.", param),
                std::string(param));
}

bool is_file_id(std::string_view text) noexcept {
  if (!text.starts_with("file_") && !text.starts_with("file-")) return false;
  if (text.size() > 64) return false;
  const std::string_view rest = text.substr(5);
  return !rest.empty() && std::ranges::all_of(rest, [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace hearth::dialects
