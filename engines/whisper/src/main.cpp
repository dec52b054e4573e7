// hearth-whisper: speech to text, and speech in any language to English text, with whisper.cpp. Runs inside a pack.
#include "arguments.h"
#include "model_file.h"
#include "service.h"
#include "whisper_recogniser.h"

#include <hearth/core/log.h>

namespace hearth::whisper {
namespace {

Result<void> check_files(const Arguments& arguments, ModelLayout& layout) {
  HEARTH_TRY_ASSIGN(layout, check_model_file(arguments.model));
  if (arguments.vad.empty()) {
    log::warn("whisper",
              "there is no model of speech beside the model: pauses are told from speech by their level only",
              {{"wanted", "ggml-silero*.bin, or --vad FILE"}});
    return {};
  }
  return check_vad_file(arguments.vad);
}

Result<int> run(kit::Engine& engine) {
  HEARTH_TRY_ASSIGN(const Arguments arguments, read_arguments(engine.options()));
  ModelLayout layout;
  HEARTH_TRY(check_files(arguments, layout));
  HEARTH_TRY_ASSIGN(const auto model, WhisperModel::load({.model = arguments.model, .vad = arguments.vad}));
  Pool pool([&] { return model->recogniser(); }, static_cast<std::size_t>(arguments.slots));
  // What cannot work is found out now.
  if (const auto first = pool.lend([] { return false; }); !first) return std::unexpected(first.error());
  Service service{
      .pool = pool, .model = model->facts(arguments.name, layout.languages()), .threads = engine.options().threads};
  if (layout.tensors == 0)
    log::warn("whisper", "the model has no weights: it hears nothing", {{"model", arguments.model}});
  serve(engine, service);
  return engine.run();
}

}  // namespace
}  // namespace hearth::whisper

int main(int argc, char** argv) {
  hearth::kit::Engine engine("whisper", argc, argv);
  const auto status = hearth::whisper::run(engine);
  if (status) return *status;
  hearth::log::error("whisper", "cannot start", {{"error", status.error().describe()}});
  return 1;
}
