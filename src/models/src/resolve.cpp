#include "resolve.h"

#include "hub.h"
#include "oci.h"
#include "parts.h"

#include <hearth/egress/registry.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;
using egress::escape;
using egress::fetch_document;
using egress::request_for;
using egress::Slash;

constexpr int kMaxPages = 20;
constexpr std::size_t kMaxLocalFiles = 64;

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
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

// The chosen files of a hub's repository, and the way to those beside the model. `base`: what their paths are put
// behind.
void add_files(Resolved& resolved, const std::vector<ChosenFile>& chosen, std::vector<ListedFile> listing,
               std::string repository, const std::string& base) {
  const auto remote = [base](const ListedFile& file, std::string role) {
    return remote_file(file, std::move(role), base + escape(file.path, Slash::kept));
  };
  for (const ChosenFile& file : chosen) resolved.files.push_back(remote(file.file, file.role));
  const std::string& model = chosen.front().file.path;
  std::string folder = model.substr(0, model.rfind('/') + 1);
  resolved.beside = [remote, folder = std::move(folder), repository = std::move(repository),
                     all = std::move(listing)](const std::string& name) -> Result<RemoteFile> {
    const auto found = std::ranges::find(all, folder + name, &ListedFile::path);
    if (found == all.end())
      return fail(Errc::not_found,
                  fmt::format("{} has no file {}{}, which belongs to the model", repository, folder, name));
    return remote(*found, "part");
  };
}

Result<Resolved> resolve_hf(ResolveContext& c, const Source& source, const CatalogueEntry* entry) {
  const std::string api = fmt::format("{}/api/models/{}", c.hugging_face, source.repo);
  const std::string about = source.revision.empty() ? api : fmt::format("{}/revision/{}", api, escape(source.revision));
  HEARTH_TRY_ASSIGN(const Http::Answer info_answer,
                    fetch_document(c.asking, request_for(c.asking, about, c.hugging_face_token)));
  HEARTH_TRY_ASSIGN(RepositoryInfo info, parse_hf_info(info_answer.body));
  std::vector<ListedFile> listing;
  std::string page = fmt::format("{}/tree/{}?recursive=true", api, info.revision);
  for (int i = 0; i < kMaxPages && !page.empty(); ++i) {
    HEARTH_TRY_ASSIGN(const Http::Answer answer,
                      fetch_document(c.asking, request_for(c.asking, page, c.hugging_face_token)));
    HEARTH_TRY_ASSIGN(std::vector<ListedFile> files, parse_hf_tree(answer.body));
    listing.insert(listing.end(), std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
    const std::string next = egress::next_link(answer.result.headers.get("link"));
    const std::string further = next.empty() ? std::string() : egress::resolve_url(page, next);
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
  add_files(resolved, chosen, std::move(listing), source.text,
            fmt::format("{}/{}/resolve/{}/", c.hugging_face, source.repo, info.revision));
  return resolved;
}

Result<Resolved> resolve_ms(ResolveContext& c, const Source& source, const CatalogueEntry* entry) {
  const std::string revision = source.revision.empty() ? "master" : source.revision;
  const std::string url = fmt::format("{}/api/v1/models/{}/repo/files?Revision={}&Recursive=true", c.model_scope,
                                      source.repo, escape(revision));
  HEARTH_TRY_ASSIGN(const Http::Answer answer, fetch_document(c.asking, request_for(c.asking, url)));
  HEARTH_TRY_ASSIGN(std::vector<ListedFile> listing, parse_ms_files(answer.body));
  HEARTH_TRY_ASSIGN(const std::vector<ChosenFile> chosen, wanted_files(listing, source, entry));
  Resolved resolved;
  add_files(resolved, chosen, std::move(listing), source.text,
            fmt::format("{}/models/{}/resolve/{}/", c.model_scope, source.repo, escape(revision)));
  return resolved;
}

Result<Resolved> resolve_oci(ResolveContext& c, const Source& source) {
  const auto registry =
      std::make_shared<egress::Registry>(c.asking, egress::ImageName{source.host, source.repo, source.revision});
  HEARTH_TRY_ASSIGN(egress::Registry::Answer answer, registry->manifest(source.revision));
  const std::string revision = answer.digest;
  if (!answer.manifest.manifests.empty()) {
    const std::string first = answer.manifest.manifests.front().digest;
    HEARTH_TRY_ASSIGN(answer, registry->manifest(first));
  }
  HEARTH_TRY_ASSIGN(const std::vector<OciFile> files, choose_layers(answer.manifest));
  Resolved resolved;
  resolved.revision = revision;
  resolved.bearer = registry->bearer();
  if (registry->wants_bearer()) resolved.renew_bearer = [registry] { return registry->renew_bearer(); };
  for (const OciFile& file : files) {
    RemoteFile remote;
    remote.role = file.role;
    remote.name = file.name;
    remote.url = registry->blob_url(file.layer.sha256);
    remote.bytes = file.layer.bytes;
    remote.sha256 = file.layer.sha256;
    resolved.files.push_back(std::move(remote));
  }
  resolved.beside = [text = source.text](const std::string& name) -> Result<RemoteFile> {
    return fail(Errc::not_found, fmt::format("{} has no layer called {}, which belongs to the model", text, name));
  };
  return resolved;
}

Result<RemoteFile> file_at(const std::string& url, std::string role) {
  HEARTH_TRY_ASSIGN(const Source one, parse_source(url));
  RemoteFile remote;
  remote.role = std::move(role);
  remote.name = base_name(std::string_view(one.url).substr(0, one.url.find('?')));
  remote.url = one.url;
  if (!one.sha256.empty()) remote.sha256 = one.sha256.front();
  if (!is_file_name(remote.name)) return fail(Errc::invalid_argument, fmt::format("{} names no file", one.url));
  return remote;
}

// The same URL with another file's name; what follows the path stays.
std::string url_beside(const std::string& url, const std::string& name) {
  const std::size_t query = std::min(url.find('?'), url.size());
  const std::size_t slash = url.rfind('/', query == 0 ? 0 : query - 1);
  return url.substr(0, slash + 1) + escape(name) + url.substr(query);
}

Result<Resolved> resolve_url_source(const Source& source, const CatalogueEntry* entry) {
  Resolved resolved;
  if (entry == nullptr || entry->files.empty()) {
    HEARTH_TRY_ASSIGN(RemoteFile model, file_at(source.url, "model"));
    if (!source.sha256.empty()) model.sha256 = source.sha256.front();
    resolved.files.push_back(std::move(model));
    resolved.digests = source.sha256;
  } else {
    for (const CatalogueFile& file : entry->files) {
      const std::string url =
          file.path.starts_with("https://") ? file.path : egress::resolve_url(source.url, file.path);
      HEARTH_TRY_ASSIGN(RemoteFile remote, file_at(url, file.role));
      remote.bytes = file.bytes;
      if (!file.sha256.empty()) remote.sha256 = file.sha256;
      resolved.files.push_back(std::move(remote));
    }
  }
  resolved.beside = [url = resolved.files.front().url](const std::string& name) {
    return file_at(url_beside(url, name), "part");
  };
  return resolved;
}

Result<RemoteFile> local_file(const fs::path& path) {
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (!fs::exists(status))
    return fail(
        Errc::not_found,
        fmt::format("hearthd sees no file {}{}; a service may not look into people's folders: put it "
                    "where it may, such as /srv",
                    path.string(), ec && ec != std::errc::no_such_file_or_directory ? " (" + ec.message() + ")" : ""));
  RemoteFile local;
  local.name = path.filename().string();
  local.role = role_of(local.name);
  local.path = path;
  if (!fs::is_regular_file(status))
    return fail(Errc::invalid_argument, fmt::format("{} is neither a file nor a folder", path.string()));
  const auto bytes = fs::file_size(path, ec);
  if (ec || !is_file_name(local.name))
    return fail(Errc::invalid_argument,
                fmt::format("{} has a name or a size that no model's file can have; rename it", path.string()));
  local.bytes = bytes;
  return local;
}

Result<Resolved> resolve_folder(const fs::path& folder) {
  Resolved resolved;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    if (!it->is_regular_file(ec) || it->path().filename() == "model.yaml") continue;
    if (auto file = local_file(it->path())) resolved.files.push_back(*std::move(file));
  }
  std::ranges::sort(resolved.files, {}, [](const RemoteFile& f) { return std::pair(f.role != "model", f.name); });
  if (resolved.files.empty() || resolved.files.front().role != "model" || resolved.files.size() > kMaxLocalFiles)
    return fail(Errc::invalid_argument,
                fmt::format("{} holds no model (GGUF, ONNX, whisper.cpp's ggml-*.bin), or more than {} files",
                            folder.string(), kMaxLocalFiles));
  bool first = true;
  for (RemoteFile& file : resolved.files)
    if (file.role == "model" && !std::exchange(first, false)) file.role = "part";
  return resolved;
}

Result<Resolved> resolve_file(const Source& source) {
  std::error_code ec;
  const fs::path path = fs::absolute(source.path, ec);
  Resolved resolved;
  if (fs::is_directory(path, ec)) {
    HEARTH_TRY_ASSIGN(resolved, resolve_folder(path));
  } else {
    HEARTH_TRY_ASSIGN(RemoteFile file, local_file(path));
    file.role = "model";
    resolved.files.push_back(std::move(file));
  }
  resolved.beside = [folder =
                         resolved.files.front().path.parent_path()](const std::string& name) -> Result<RemoteFile> {
    HEARTH_TRY_ASSIGN(RemoteFile file, local_file(folder / name));
    file.role = "part";
    return file;
  };
  return resolved;
}

// A name that is one of a split GGUF's calls for all others.
Result<void> add_parts(Resolved& resolved) {
  const std::vector<std::string> names = names_of_parts(resolved.files.front().name);
  for (const std::string& name : names) {
    if (std::ranges::find(resolved.files, name, &RemoteFile::name) != resolved.files.end()) continue;
    auto part = resolved.beside(name);
    if (!part)
      return fail(
          part.error().wrap(fmt::format("the model is in {} files, of which {} is missing", names.size(), name)));
    resolved.files.push_back(*std::move(part));
  }
  // In order, the first in front: it leads to the others.
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = std::ranges::find(resolved.files, names[i], &RemoteFile::name);
    found->role = i == 0 ? "model" : "part";
    std::rotate(resolved.files.begin() + static_cast<std::ptrdiff_t>(i), found, found + 1);
  }
  return names.empty() ? Result<void>() : take_digests(resolved, names.size());
}

}  // namespace

Result<void> take_digests(Resolved& resolved, std::size_t parts) {
  std::vector<std::string>& given = resolved.digests;
  if (given.size() < 2) return {};
  if (given.size() != parts)
    return fail(Errc::invalid_argument, fmt::format("{} digests were given, and the model is in {} files: give one for "
                                                    "each, in order, or none but the first's",
                                                    given.size(), parts));
  for (std::size_t i = 0; i < parts; ++i) resolved.files[i].sha256 = given[i];
  return {};
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
  const auto model = std::ranges::find(resolved->files, "model", &RemoteFile::role);
  if (model != resolved->files.end()) std::rotate(resolved->files.begin(), model, model + 1);
  HEARTH_TRY(add_parts(*resolved));
  std::set<std::string> names;
  for (const RemoteFile& file : resolved->files)
    if (file.name.starts_with("model.yaml") || !names.insert(file.name).second)
      return fail(Errc::unsupported, fmt::format("{} has two files called {}", source.text, file.name));
  return resolved;
}

}  // namespace hearth::models
