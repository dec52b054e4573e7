// Where a model can be pulled from, as people write it.
//
//   NAME                           the catalogue
//   hf:org/repo[@REV][:VARIANT]    Hugging Face: VARIANT is a quantisation (Q4_K_M) or a file's path in the repository
//   ms:org/repo[@REV][:VARIANT]    ModelScope
//   oci://registry/name[:TAG]      an OCI registry; or …/name@sha256:DIGEST
//   https://host/file[#sha256=…]   one file, or, with commas between the digests, all parts of one; http:// on
//                                  loopback, or when insisted on
//   ./file, /path, file:/path      one file, or a folder of files
#pragma once

#include <hearth/core/error.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

enum class SourceKind { catalogue, hugging_face, model_scope, oci, url, file };

struct Source {
  SourceKind kind = SourceKind::catalogue;
  std::string repo;      // "org/repo"; an OCI repository's name; the catalogue's name
  std::string host;      // an OCI registry, with its port
  std::string revision;  // hf, ms: a branch, tag or commit; empty: the default branch. oci: a tag or a digest
  std::string variant;
  std::string url;
  std::string path;                 // a local file
  std::vector<std::string> sha256;  // given with the URL: of the file, or of each of its parts in order
  std::string text;                 // in one way of writing it: what pins are kept under
};

// invalid_argument with a sentence that shows how it is written.
Result<Source> parse_source(std::string_view text);
// A name for what comes from there, when none is given.
std::string default_name(const Source& source);

}  // namespace hearth::models
