// hearth-transcribe: speech to text with pocketsphinx.
#include "service.h"

#include <hearth/core/log.h>
#include <hearth/kit/engine.h>

int main(int argc, char** argv) {
  hearth::kit::Engine engine("transcribe", argc, argv);
  auto pool = hearth::transcribe::DecoderPool::create(engine.options().data, engine.options().threads);
  if (!pool) {
    hearth::log::error("transcribe", "cannot start", {{"error", pool.error().describe()}});
    return 1;
  }
  hearth::transcribe::serve_transcription(engine, **pool);
  return engine.run();
}
