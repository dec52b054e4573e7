// What Hugging Face and ModelScope say about a repository, and which of its files make a model. Pure; fuzzed.
//
// Hugging Face: GET /api/models/ORG/REPO[/revision/REV] and GET /api/models/ORG/REPO/tree/COMMIT?recursive=true.
// ModelScope: GET /api/v1/models/ORG/REPO/repo/files?Revision=REV&Recursive=true.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

struct ListedFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;   // of a file in large-file storage
  std::string git_oid;  // SHA-1 of git's blob, of a small file; empty when there is a sha256
};

struct RepositoryInfo {
  std::string revision;  // the commit; 40 hexadecimal digits
  std::string licence;
  std::string pipeline;  // "text-generation", "automatic-speech-recognition", …
  std::vector<std::string> languages;
};

// protocol_error; not_found when the answer says so.
Result<RepositoryInfo> parse_hf_info(std::string_view body);
// One page of the listing; folders are left out.
Result<std::vector<ListedFile>> parse_hf_tree(std::string_view body);
Result<std::vector<ListedFile>> parse_ms_files(std::string_view body);

struct ChosenFile {
  std::string role;
  ListedFile file;
};
// The files of `variant` (a quantisation, the end of a name, or a path; empty: what suits a small box), the model
// first. not_found: there is none, with what there is; unsupported: nothing there is a model that runs here.
Result<std::vector<ChosenFile>> choose_files(std::span<const ListedFile> files, std::string_view variant,
                                             std::string_view repository);
// The task that Hugging Face's pipeline tag stands for; empty: none of ours.
std::string_view task_of_pipeline(std::string_view pipeline) noexcept;
// Does the licence's name say that commercial use is forbidden? ("cc-by-nc-4.0")
bool is_non_commercial(std::string_view licence);
// What a file is to an engine, by its name alone.
std::string_view role_of(std::string_view path) noexcept;

}  // namespace hearth::models
