#include "readers.h"

#include <hearth/models/model_file.h>

#include <fmt/format.h>

namespace hearth::models {

Result<ModelFacts> read_model(ByteSource& source) {
  HEARTH_TRY_ASSIGN(const Format format, recognise(source));
  Result<ModelFacts> facts = format == Format::gguf   ? read_gguf(source)
                             : format == Format::onnx ? read_onnx(source)
                                                      : read_whisper(source);
  if (facts) facts->task = infer_task(*facts);
  return facts;
}

Result<ModelFacts> inspect_model(const std::filesystem::path& path) {
  HEARTH_TRY_ASSIGN(FileSource source, FileSource::open(path));
  Result<ModelFacts> facts = read_model(source);
  if (facts) return facts;
  const std::string name = path.filename().string();
  if (facts.error().is(Errc::corrupt)) return fail(facts.error().wrap(name + " is damaged, pull the model again"));
  return fail(facts.error().wrap(name + " cannot be used"));
}

}  // namespace hearth::models
