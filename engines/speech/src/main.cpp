// hearth-speech: text to speech with espeak-ng.
#include "service.h"

#include <hearth/core/log.h>
#include <hearth/kit/engine.h>

int main(int argc, char** argv) {
  hearth::kit::Engine engine("speech", argc, argv);
  auto synthesizer = hearth::speech::Synthesizer::create(engine.options().data);
  if (!synthesizer) {
    hearth::log::error("speech", "cannot start", {{"error", synthesizer.error().describe()}});
    return 1;
  }
  hearth::speech::serve_speech(engine, **synthesizer);
  return engine.run();
}
