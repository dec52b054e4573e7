// What servers and registries answer: headers, manifests, names of images. They decide which bytes go where.
#include <hearth/core/file_hash.h>
#include <hearth/egress/http_headers.h>
#include <hearth/egress/image_manifest.h>

#include <cstdint>
#include <cstdlib>

namespace e = hearth::egress;

namespace {

void check_manifest(std::string_view text) {
  const auto manifest = e::parse_image_manifest(text);
  if (!manifest) return;
  for (const e::Descriptor& layer : manifest->layers)
    if (!hearth::is_sha256(layer.sha256) || layer.title.find('/') != std::string::npos) std::abort();
  if (!manifest->config.empty() && !hearth::is_sha256(manifest->config)) std::abort();
  for (const char* architecture : {"amd64", "arm64"}) {
    const auto chosen = e::choose_platform(*manifest, architecture);
    if (chosen && !hearth::is_sha256(std::string_view(*chosen).substr(7))) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_manifest(text);
  if (const auto image = e::parse_image_name(text)) {
    const auto again = e::parse_image_name(e::to_string(*image));
    if (!again || *again != *image) std::abort();
  }
  if (const auto platform = e::parse_image_config(text); platform && platform->os.empty()) std::abort();
  if (const auto range = e::parse_content_range(text)) {
    if (range->begin >= range->end || (range->total && range->end > *range->total)) std::abort();
  }
  if (const auto tag = e::strong_etag(text); tag && (tag->front() != '"' || tag->find('\n') != std::string::npos))
    std::abort();
  if (const auto challenge = e::parse_challenge(text); challenge && challenge->realm.empty()) std::abort();
  [[maybe_unused]] const auto next = e::next_link(text);
  e::Headers headers;
  headers.add(text);
  return 0;
}
