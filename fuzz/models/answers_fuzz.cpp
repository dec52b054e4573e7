// What hubs and registries answer: listings, manifests. They decide which bytes go where.
#include "src/hub.h"
#include "src/oci.h"
#include "src/parts.h"

#include <hearth/core/file_hash.h>
#include <hearth/models/model_manifest.h>

#include <algorithm>
#include <cstdlib>

namespace m = hearth::models;

namespace {

void check_files(const std::vector<m::ListedFile>& files) {
  for (const m::ListedFile& file : files) {
    const std::string_view path = file.path;
    if (path.empty() || path.front() == '/' || path.find("/../") != std::string_view::npos || path.starts_with("../") ||
        path.ends_with("/.."))
      std::abort();
    if (!file.sha256.empty() && !hearth::is_sha256(file.sha256)) std::abort();
  }
  for (const char* variant : {"", "q4_k_m", "model", "tiny"}) {
    const auto chosen = m::choose_files(files, variant, "org/repo");
    if (chosen && (chosen->empty() || chosen->front().role != "model")) std::abort();
    if (!chosen && chosen.error().message().empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto info = m::parse_hf_info(text); info && info->revision.size() != 40) std::abort();
  if (const auto files = m::parse_hf_tree(text)) check_files(*files);
  if (const auto files = m::parse_ms_files(text)) check_files(*files);
  if (const auto manifest = hearth::egress::parse_image_manifest(text)) {
    if (const auto files = m::choose_layers(*manifest)) {
      for (const m::OciFile& file : *files)
        if (!m::is_file_name(file.name) || !hearth::is_sha256(file.layer.sha256)) std::abort();
    }
  }
  const auto names = m::names_of_parts(text);
  if (names.size() == 1 || (!names.empty() && std::ranges::find(names, text) == names.end())) std::abort();
  return 0;
}
