#include <hearth/core/file_hash.h>
#include <hearth/egress/image_manifest.h>
#include <hearth/models/model_manifest.h>
#include <hearth/models/source.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::models {
namespace {

constexpr std::size_t kMaxSource = 16 * 1024;  // a URL with the digests of all its parts

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A part of a repository's name, a branch or a tag.
bool is_word(std::string_view text, std::size_t most = 128) {
  return !text.empty() && text.size() <= most && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || c == '.' || c == '_' || c == '-'; });
}

// "onnx/model_quantized.onnx": relative, without a way out.
bool is_path(std::string_view text) {
  if (text.empty() || text.size() > 512) return false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t slash = std::min(text.find('/', at), text.size());
    const std::string_view part = text.substr(at, slash - at);
    if (!is_file_name(part) || part.find_first_of("?#%") != std::string_view::npos) return false;
    at = slash + 1;
  }
  return true;
}

Result<Source> parse_hub(std::string_view rest, SourceKind kind, std::string_view prefix) {
  const auto wrong = [&] {
    return fail(
        Errc::invalid_argument,
        fmt::format("\"{}{}\" names no repository; write {}ORG/REPOSITORY, with :QUANTISATION or :FILE behind it "
                    "to choose, such as {}Qwen/Qwen3-0.6B-GGUF:Q8_0",
                    prefix, rest, prefix, prefix));
  };
  Source source;
  source.kind = kind;
  std::string_view repo = rest;
  if (const auto colon = repo.find(':'); colon != std::string_view::npos) {
    source.variant = repo.substr(colon + 1);
    repo = repo.substr(0, colon);
    if (!is_path(source.variant)) return wrong();
  }
  if (const auto at = repo.find('@'); at != std::string_view::npos) {
    source.revision = repo.substr(at + 1);
    repo = repo.substr(0, at);
    if (!is_word(source.revision)) return wrong();
  }
  const auto slash = repo.find('/');
  if (slash == std::string_view::npos || !is_word(repo.substr(0, slash)) || !is_word(repo.substr(slash + 1)))
    return wrong();
  source.repo = repo;
  source.text = fmt::format("{}{}{}{}{}{}", prefix, repo, source.revision.empty() ? "" : "@", source.revision,
                            source.variant.empty() ? "" : ":", source.variant);
  return source;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
}

Result<Source> parse_oci(std::string_view rest) {
  HEARTH_TRY_ASSIGN(egress::ImageName image, egress::parse_image_name(rest));
  Source source;
  source.kind = SourceKind::oci;
  source.text = "oci://" + egress::to_string(image);
  source.host = std::move(image.host);
  source.repo = std::move(image.repo);
  source.revision = std::move(image.reference);
  return source;
}

// "sha256=…", or with one for each part: "sha256=…,…".
Result<std::vector<std::string>> parse_digests(std::string_view fragment) {
  constexpr std::string_view kKey = "sha256=";
  const auto wrong = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("\"#{}\" is no digest; write #sha256= and 64 lower-case hexadecimal digits", fragment));
  };
  if (!fragment.starts_with(kKey)) return wrong();
  std::vector<std::string> digests;
  for (std::size_t at = kKey.size(); at <= fragment.size();) {
    const std::size_t comma = std::min(fragment.find(',', at), fragment.size());
    const std::string_view digest = fragment.substr(at, comma - at);
    if (!is_sha256(digest)) return wrong();
    digests.emplace_back(digest);
    at = comma + 1;
  }
  return digests;
}

Result<Source> parse_url(std::string_view text) {
  Source source;
  source.kind = SourceKind::url;
  std::string_view url = text;
  if (const auto hash = url.find('#'); hash != std::string_view::npos) {
    const std::string_view fragment = url.substr(hash + 1);
    url = url.substr(0, hash);
    HEARTH_TRY_ASSIGN(source.sha256, parse_digests(fragment));
  }
  const auto authority = url.find("://") + 3;
  const auto end = std::min(url.find_first_of("/?", authority), url.size());
  if (url.substr(authority, end - authority).find('@') != std::string_view::npos)
    return fail(Errc::invalid_argument, "a URL with a password in it would be stored in the clear; leave it out");
  if (!is_host(url.substr(authority, end - authority)) || end + 1 >= url.size() || url.ends_with('/') ||
      !std::ranges::all_of(url, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; }))
    return fail(Errc::invalid_argument, fmt::format("\"{}\" is not the URL of a file", url));
  source.url = url;
  source.text = url;
  return source;
}

}  // namespace

Result<Source> parse_source(std::string_view text) {
  if (text.empty() || text.size() > kMaxSource)
    return fail(Errc::invalid_argument, "name a model; `hearth models available` lists those of the catalogue");
  if (text.find_first_of(std::string_view("\0\n\r\t", 4)) != std::string_view::npos)
    return fail(Errc::invalid_argument, "a source holds no control characters");
  if (text.starts_with("hf:")) return parse_hub(text.substr(3), SourceKind::hugging_face, "hf:");
  if (text.starts_with("ms:")) return parse_hub(text.substr(3), SourceKind::model_scope, "ms:");
  if (text.starts_with("oci://")) return parse_oci(text.substr(6));
  if (text.starts_with("https://") || text.starts_with("http://")) return parse_url(text);
  Source source;
  if (text.starts_with("file:") || text.starts_with("/") || text.starts_with("./") || text.starts_with("../")) {
    source.kind = SourceKind::file;
    source.path = text.starts_with("file://") ? text.substr(7) : text.starts_with("file:") ? text.substr(5) : text;
    source.text = "file:" + source.path;
    if (source.path.empty()) return fail(Errc::invalid_argument, "file: needs a path behind it");
    return source;
  }
  if (!is_model_name(text))
    return fail(
        Errc::invalid_argument,
        fmt::format("\"{}\" is no source of a model. Write a name of the catalogue (`hearth models available`), "
                    "hf:ORG/REPO[:QUANT], ms:ORG/REPO, oci://REGISTRY/NAME:TAG, https://… or ./FILE",
                    text.substr(0, 200)));
  source.repo = text;
  source.text = text;
  return source;
}

std::string default_name(const Source& source) {
  std::string from;
  const auto last = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
  switch (source.kind) {
    case SourceKind::catalogue:
      return source.repo;
    case SourceKind::hugging_face:
    case SourceKind::model_scope:
      from = last(source.repo);
      if (!source.variant.empty()) from += "-" + std::string(last(source.variant));
      break;
    case SourceKind::oci:
      from = last(source.repo);
      if (source.revision != "latest" && !source.revision.starts_with("sha256:")) from += "-" + source.revision;
      break;
    case SourceKind::url:
      from = last(std::string_view(source.url).substr(0, source.url.find('?')));
      break;
    case SourceKind::file:
      from = last(source.path);
      break;
  }
  std::string name;
  for (const char c : from) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const bool keep = is_letter(lower) || ((lower == '.' || lower == '_') && !name.empty());
    if (keep) {
      name += lower;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  for (const std::string_view ending : {".gguf", ".onnx", ".bin"})
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  if (name.size() > 96) name.resize(96);
  while (name.ends_with('-')) name.pop_back();
  return is_model_name(name) ? name : "model";
}

}  // namespace hearth::models
