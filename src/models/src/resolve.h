// From a source to the files it consists of now, with what is promised about each.
#pragma once

#include "http.h"
#include "retry.h"

#include <hearth/models/catalogue.h>
#include <hearth/models/source.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
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
};

struct ResolveContext {
  Http& http;
  std::string hugging_face;
  std::string model_scope;
  std::string hugging_face_token;
  PlainHttp plain = PlainHttp::loopback_only;
  RetryBudget& budget;
  std::function<void(const std::string& why, Millis wait)> retrying;
  std::stop_token stop;
};

// `entry`: the catalogue's, when the source is one of its names: its files and digests are what is wanted.
// Errors as Http::begin; corrupt: a digest of the catalogue and the registry's differ.
Result<Resolved> resolve(ResolveContext& context, const Source& source, const CatalogueEntry* entry);

// Waits, but not after `stop`; false: stopped.
bool pause(Millis wait, const std::stop_token& stop);

}  // namespace hearth::models
