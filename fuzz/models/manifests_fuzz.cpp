// model.yaml and the catalogue: files of ours, but people edit them and disks break.
#include <hearth/core/file_hash.h>
#include <hearth/models/catalogue.h>
#include <hearth/models/model_manifest.h>
#include <hearth/models/source.h>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace m = hearth::models;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = m::parse_model_manifest(text, "model.yaml")) {
    // What was accepted stays inside its folder and reads back as it is.
    for (const m::ModelFile& file : manifest->files)
      if (!m::is_file_name(file.name) || !hearth::is_sha256(file.sha256)) std::abort();
    const std::string written = m::write_model_manifest(*manifest);
    const auto again = m::parse_model_manifest(written, "model.yaml");
    if (!again || m::write_model_manifest(*again) != written) std::abort();
  }
  if (const auto entries = m::parse_catalogue(text, "catalogue.yaml")) {
    for (const m::CatalogueEntry& entry : *entries) {
      if (!m::is_model_name(entry.name) || (entry.preferred && !entry.commercial)) std::abort();
      if (!m::parse_source(entry.source)) std::abort();
    }
  }
  if (const auto source = m::parse_source(text)) {
    if (!m::is_model_name(m::default_name(*source))) std::abort();
  }
  return 0;
}
