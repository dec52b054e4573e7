// An OCI registry: manifests and blobs of one repository, behind a token where it asks for one.
//
// Blocks; one thread at a time.
#pragma once

#include <hearth/egress/document.h>
#include <hearth/egress/image_manifest.h>

#include <string>
#include <string_view>

namespace hearth::egress {

class Registry {
 public:
  // What `asking` refers to outlives it. Plain http on loopback only, unless `asking.plain` says anywhere.
  Registry(Asking asking, ImageName image);

  struct Answer {
    std::string digest;  // "sha256:…" of the manifest
    ImageManifest manifest;
  };
  // By tag or digest. Errors as fetch_document; corrupt: another document than its digest says; permission_denied: it
  // wants to know who asks, in a way that is not understood.
  Result<Answer> manifest(const std::string& reference);
  // A small blob, such as an image's configuration. As manifest().
  Result<std::string> document(const std::string& sha256);

  [[nodiscard]] std::string blob_url(const std::string& sha256) const;
  // What requests for blobs carry; empty: nothing is asked for.
  [[nodiscard]] const std::string& bearer() const noexcept { return bearer_; }
  [[nodiscard]] bool wants_bearer() const noexcept { return !challenge_.empty(); }
  // When the old token is not taken any more, or there was none; `challenge`: what the answer asked with, if known.
  Result<std::string> renew_bearer(std::string_view challenge = {});

 private:
  Result<Http::Answer> fetch(HttpRequest request);
  Asking asking_;
  ImageName image_;
  std::string base_;
  std::string bearer_;
  std::string challenge_;
};

}  // namespace hearth::egress
