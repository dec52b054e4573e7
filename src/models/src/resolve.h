// From a source to the files it consists of now, with what is promised about each.
#pragma once

#include "outside.h"

#include <hearth/models/catalogue.h>
#include <hearth/models/source.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hearth::models {

struct RemoteFile {
  std::string role;
  std::string name;  // in the model's folder
  std::string url;
  std::filesystem::path path;  // a local file, in place of a URL
  std::optional<std::uint64_t> bytes;
  std::string sha256;
  std::string git_oid;
};

struct Resolved {
  std::string revision;
  std::string licence;
  std::string task;
  std::vector<std::string> languages;
  std::string bearer;
  std::function<Result<std::string>()> renew_bearer;  // valid while the context is
  std::vector<RemoteFile> files;                      // the model first
  // The file of that name beside the model, where its header calls for one. not_found.
  std::function<Result<RemoteFile>(const std::string& name)> beside;
  std::vector<std::string> digests;  // that the user gave, of the model and then of its parts in order; may be empty
};

struct ResolveContext {
  egress::Asking asking;
  std::string hugging_face;
  std::string model_scope;
  std::string hugging_face_token;
};

// `entry`: the catalogue's, when the source is one of its names: its files and digests are what is wanted. All parts of
// a split GGUF are there.
// Errors as Http::begin; corrupt: a digest of the catalogue and the registry's differ; not_found: a part is missing.
Result<Resolved> resolve(ResolveContext& context, const Source& source, const CatalogueEntry* entry);

// Takes the digests that the user gave for `file` and those after it, where they are for exactly those.
// invalid_argument: there are as many as neither fit the file nor its parts.
Result<void> take_digests(Resolved& resolved, std::size_t parts);

}  // namespace hearth::models
