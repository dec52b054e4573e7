#include "resolve.h"

#include "digest.h"
#include "hub.h"
#include "json_fields.h"
#include "oci.h"

#include <hearth/core/ids.h>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <set>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxListing = std::size_t{8} << 20U;
constexpr int kMaxPages = 20;
constexpr std::size_t kMaxLocalFiles = 64;

// A path's parts as a URL has them.
std::string escape(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~' || (keep_slash && c == '/');
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

// A small document, again and again as the budget allows.
Result<Http::Answer> fetch(ResolveContext& c, const HttpRequest& request, int accepted_status = 0) {
  for (;;) {
    Http::Answer answer = c.http.get(request, kMaxListing, c.stop);
    if (!answer.result.error) return answer;
    if (accepted_status != 0 && answer.result.status == accepted_status) return answer;
    const Error& error = *answer.result.error;
    if (!error.is(Errc::unavailable) && answer.result.status != 429) return fail(error);
    static thread_local std::minstd_rand chance{std::random_device{}()};
    const auto wait = c.budget.failed(answer.result.retry_after, std::uniform_real_distribution<>(0, 1)(chance));
    if (!wait) return fail(error);
    if (c.retrying) c.retrying(error.describe(), *wait);
    if (!pause(*wait, c.stop)) return fail(Errc::cancelled, "the pull was stopped");
  }
}

HttpRequest request_for(const ResolveContext& c, std::string url, std::string bearer = {}) {
  HttpRequest request;
  request.url = std::move(url);
  request.bearer = std::move(bearer);
  request.plain = c.plain;
  return request;
}

RemoteFile remote_file(const ListedFile& file, std::string role, std::string url) {
  RemoteFile remote;
  remote.role = std::move(role);
  remote.name = base_name(file.path);
  remote.url = std::move(url);
  remote.bytes = file.bytes;
  remote.sha256 = file.sha256;
  remote.git_oid = file.git_oid;
  return remote;
}

// What the catalogue wants of a repository's files, or what the variant says.
Result<std::vector<ChosenFile>> wanted_files(const std::vector<ListedFile>& listing, const Source& source,
                                             const CatalogueEntry* entry) {
  if (entry == nullptr || entry->files.empty()) return choose_files(listing, source.variant, source.text);
  std::vector<ChosenFile> chosen;
  for (const CatalogueFile& wish : entry->files) {
    const auto found = std::ranges::find(listing, wish.path, &ListedFile::path);
    if (found == listing.end())
      return fail(Errc::not_found, fmt::format("{} has no file {} any more; pull it by its source instead: {}",
                                               source.repo, wish.path, source.text));
    ListedFile file = *found;
    if (!wish.sha256.empty() && !file.sha256.empty() && wish.sha256 != file.sha256)
      return fail(Errc::corrupt,
                  fmt::format("{} of {} is another file than the catalogue knows (SHA-256 {} there, {} here)",
                              wish.path, source.repo, file.sha256, wish.sha256));
    if (!wish.sha256.empty()) file.sha256 = wish.sha256;
    chosen.push_back({wish.role, std::move(file)});
  }
  return chosen;
}

Result<Resolved> resolve_hf(ResolveContext& c, const Source& source, const CatalogueEntry* entry) {
  const std::string api = fmt::format("{}/api/models/{}", c.hugging_face, source.repo);
  const std::string about =
      source.revision.empty() ? api : fmt::format("{}/revision/{}", api, escape(source.revision, false));
  HEARTH_TRY_ASSIGN(const Http::Answer info_answer, fetch(c, request_for(c, about, c.hugging_face_token)));
  HEARTH_TRY_ASSIGN(RepositoryInfo info, parse_hf_info(info_answer.body));
  std::vector<ListedFile> listing;
  std::string page = fmt::format("{}/tree/{}?recursive=true", api, info.revision);
  for (int i = 0; i < kMaxPages && !page.empty(); ++i) {
    HEARTH_TRY_ASSIGN(const Http::Answer answer, fetch(c, request_for(c, page, c.hugging_face_token)));
    HEARTH_TRY_ASSIGN(std::vector<ListedFile> files, parse_hf_tree(answer.body));
    listing.insert(listing.end(), std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
    const std::string next = next_link(answer.result.headers.get("link"));
    const std::string further = next.empty() ? std::string() : resolve_url(page, next);
    // The token must not follow a link to another host, nor in clear.
    const std::string origin = fmt::format("{}{}/", page.substr(0, page.find("://") + 3), host_of(page));
    page = further.starts_with(origin) ? further : std::string();
  }
  HEARTH_TRY_ASSIGN(const std::vector<ChosenFile> chosen, wanted_files(listing, source, entry));
  Resolved resolved;
  resolved.revision = info.revision;
  resolved.licence = info.licence;
  resolved.task = task_of_pipeline(info.pipeline);
  resolved.languages = std::move(info.languages);
  resolved.bearer = c.hugging_face_token;
  for (const ChosenFile& file : chosen)
    resolved.files.push_back(remote_file(
        file.file, file.role,
        fmt::format("{}/{}/resolve/{}/{}", c.hugging_face, source.repo, info.revision, escape(file.file.path, true))));
  return resolved;
}

Result<Resolved> resolve_ms(ResolveContext& c, const Source& source, const CatalogueEntry* entry) {
  const std::string revision = source.revision.empty() ? "master" : source.revision;
  const std::string url = fmt::format("{}/api/v1/models/{}/repo/files?Revision={}&Recursive=true", c.model_scope,
                                      source.repo, escape(revision, false));
  HEARTH_TRY_ASSIGN(const Http::Answer answer, fetch(c, request_for(c, url)));
  HEARTH_TRY_ASSIGN(const std::vector<ListedFile> listing, parse_ms_files(answer.body));
  HEARTH_TRY_ASSIGN(const std::vector<ChosenFile> chosen, wanted_files(listing, source, entry));
  Resolved resolved;
  for (const ChosenFile& file : chosen)
    resolved.files.push_back(remote_file(file.file, file.role,
                                         fmt::format("{}/models/{}/resolve/{}/{}", c.model_scope, source.repo,
                                                     escape(revision, false), escape(file.file.path, true))));
  return resolved;
}

// A token from where the registry says; empty: it wants none.
Result<std::string> registry_token(ResolveContext& c, std::string_view challenge_text, const std::string& registry) {
  const auto challenge = parse_challenge(challenge_text);
  if (!challenge)
    return fail(
        Errc::permission_denied,
        fmt::format("{} wants to know who asks, in a way that is not understood (\"{}\")", registry, challenge_text));
  std::string url = challenge->realm;
  if (!url.starts_with("https://") && !(is_loopback_url(url) && is_loopback_host(registry)))
    return fail(Errc::permission_denied, fmt::format("{} sends for a token to {}, which is not https", registry, url));
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      url += fmt::format("{}{}={}", url.find('?') == std::string::npos ? '?' : '&', name, escape(value, false));
  };
  add("service", challenge->service);
  add("scope", challenge->scope);
  HEARTH_TRY_ASSIGN(const Http::Answer answer, fetch(c, request_for(c, url)));
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(answer.body, "the registry's token"));
  std::string token = json::text(root, "token");
  if (token.empty()) token = json::text(root, "access_token");
  const bool sound = !token.empty() && token.size() < 16'384 &&
                     std::ranges::all_of(token, [](unsigned char ch) { return ch > ' ' && ch < 0x7f; });
  if (!sound) return fail(Errc::protocol_error, fmt::format("{} gave no token", registry));
  return token;
}

struct RegistryAnswer {
  std::string body;
  std::string digest;  // of the body
};

Result<RegistryAnswer> fetch_manifest(ResolveContext& c, const Source& source, const std::string& base,
                                      const std::string& reference, std::string& bearer, std::string& challenge) {
  for (bool asked = false;; asked = true) {
    HttpRequest request = request_for(c, fmt::format("{}/manifests/{}", base, reference), bearer);
    request.headers.emplace_back(kOciAccept);
    HEARTH_TRY_ASSIGN(const Http::Answer answer, fetch(c, request, asked ? 0 : 401));
    if (answer.result.status == 401) {
      challenge = answer.result.headers.get("www-authenticate");
      HEARTH_TRY_ASSIGN(bearer, registry_token(c, challenge, source.host));
      continue;
    }
    Hasher hasher = Hasher::sha256();
    hasher.update(answer.body);
    const std::string digest = "sha256:" + hasher.hex();
    const std::string_view said = answer.result.headers.get("docker-content-digest");
    if ((!said.empty() && said.starts_with("sha256:") && said != digest) ||
        (reference.starts_with("sha256:") && reference != digest))
      return fail(Errc::corrupt, fmt::format("the manifest of {} is not what its digest says", source.text));
    return RegistryAnswer{answer.body, digest};
  }
}

Result<Resolved> resolve_oci(ResolveContext& c, const Source& source) {
  const std::string scheme = is_loopback_host(source.host) || c.plain == PlainHttp::anywhere ? "http" : "https";
  const std::string base = fmt::format("{}://{}/v2/{}", scheme, source.host, source.repo);
  std::string bearer;
  std::string challenge;
  HEARTH_TRY_ASSIGN(RegistryAnswer answer, fetch_manifest(c, source, base, source.revision, bearer, challenge));
  HEARTH_TRY_ASSIGN(OciManifest manifest, parse_oci_manifest(answer.body));
  const std::string revision = answer.digest;
  if (!manifest.manifests.empty()) {
    const std::string first = manifest.manifests.front();
    HEARTH_TRY_ASSIGN(answer, fetch_manifest(c, source, base, first, bearer, challenge));
    HEARTH_TRY_ASSIGN(manifest, parse_oci_manifest(answer.body));
  }
  HEARTH_TRY_ASSIGN(const std::vector<OciFile> files, choose_layers(manifest));
  Resolved resolved;
  resolved.revision = revision;
  resolved.bearer = bearer;
  if (!challenge.empty())
    resolved.renew_bearer = [&c, challenge, host = source.host] { return registry_token(c, challenge, host); };
  for (const OciFile& file : files) {
    RemoteFile remote;
    remote.role = file.role;
    remote.name = file.name;
    remote.url = fmt::format("{}/blobs/sha256:{}", base, file.layer.sha256);
    remote.bytes = file.layer.bytes;
    remote.sha256 = file.layer.sha256;
    resolved.files.push_back(std::move(remote));
  }
  return resolved;
}

Result<Resolved> resolve_url_source(const Source& source, const CatalogueEntry* entry) {
  Resolved resolved;
  const auto add = [&](const std::string& url, std::string role, const std::string& sha256,
                       std::optional<std::uint64_t> bytes) -> Result<void> {
    HEARTH_TRY_ASSIGN(const Source one, parse_source(url));
    RemoteFile remote;
    remote.role = std::move(role);
    remote.name = base_name(std::string_view(one.url).substr(0, one.url.find('?')));
    remote.url = one.url;
    remote.bytes = bytes;
    remote.sha256 = sha256.empty() ? one.sha256 : sha256;
    if (!is_file_name(remote.name)) return fail(Errc::invalid_argument, fmt::format("{} names no file", one.url));
    resolved.files.push_back(std::move(remote));
    return {};
  };
  if (entry == nullptr || entry->files.empty()) {
    HEARTH_TRY(add(source.url, "model", source.sha256, std::nullopt));
    return resolved;
  }
  for (const CatalogueFile& file : entry->files) {
    const std::string url =
        file.path.starts_with("https://") ? file.path : ::hearth::models::resolve_url(source.url, file.path);
    HEARTH_TRY(add(url, file.role, file.sha256, file.bytes));
  }
  return resolved;
}

Result<Resolved> resolve_file(const Source& source) {
  Resolved resolved;
  std::error_code ec;
  const fs::path path = fs::absolute(source.path, ec);
  const auto add = [&](const fs::path& file) {
    RemoteFile local;
    local.name = file.filename().string();
    local.role = role_of(local.name);
    local.path = file;
    const auto bytes = fs::file_size(file, ec);
    if (!ec) local.bytes = bytes;
    if (is_file_name(local.name)) resolved.files.push_back(std::move(local));
  };
  const auto status = fs::status(path, ec);
  if (ec || !fs::exists(status))
    return fail(
        Errc::not_found,
        fmt::format("hearthd sees no file {}{}; a service may not look into people's folders: put it "
                    "where it may, such as /srv",
                    path.string(), ec && ec != std::errc::no_such_file_or_directory ? " (" + ec.message() + ")" : ""));
  if (!fs::is_directory(status)) {
    if (!fs::is_regular_file(status))
      return fail(Errc::invalid_argument, fmt::format("{} is neither a file nor a folder", path.string()));
    add(path);
    if (resolved.files.empty() || !resolved.files.front().bytes)
      return fail(Errc::invalid_argument,
                  fmt::format("{} has a name or a size that no model's file can have; rename it", path.string()));
    resolved.files.front().role = "model";
    return resolved;
  }
  for (fs::directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec))
    if (it->is_regular_file(ec) && it->path().filename() != "model.yaml") add(it->path());
  std::ranges::sort(resolved.files, {}, [](const RemoteFile& f) { return std::pair(f.role != "model", f.name); });
  if (resolved.files.empty() || resolved.files.front().role != "model" || resolved.files.size() > kMaxLocalFiles)
    return fail(Errc::invalid_argument,
                fmt::format("{} holds no model (GGUF, ONNX, whisper.cpp's ggml-*.bin), or more than {} files",
                            path.string(), kMaxLocalFiles));
  bool first = true;
  for (RemoteFile& file : resolved.files)
    if (file.role == "model" && !std::exchange(first, false)) file.role = "part";
  return resolved;
}

}  // namespace

bool pause(Millis wait, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, steady_now() + wait, [] { return false; });
  return !stop.stop_requested();
}

Result<Resolved> resolve(ResolveContext& context, const Source& source, const CatalogueEntry* entry) {
  Result<Resolved> resolved = [&]() -> Result<Resolved> {
    switch (source.kind) {
      case SourceKind::hugging_face:
        return resolve_hf(context, source, entry);
      case SourceKind::model_scope:
        return resolve_ms(context, source, entry);
      case SourceKind::oci:
        return resolve_oci(context, source);
      case SourceKind::url:
        return resolve_url_source(source, entry);
      case SourceKind::file:
        return resolve_file(source);
      case SourceKind::catalogue:
        break;
    }
    return fail(Errc::internal, "a name of the catalogue is not a source of bytes");
  }();
  if (!resolved) return resolved;
  std::set<std::string> names;
  for (const RemoteFile& file : resolved->files)
    if (file.name.starts_with("model.yaml") || !names.insert(file.name).second)
      return fail(Errc::unsupported, fmt::format("{} has two files called {}", source.text, file.name));
  return resolved;
}

}  // namespace hearth::models
