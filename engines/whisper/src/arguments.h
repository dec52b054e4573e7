// The engine's own arguments.
#pragma once

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <string>

namespace hearth::whisper {

struct Arguments {
  std::string model;  // --model FILE: in whisper.cpp's format; relative to --data
  std::string vad;    // --vad FILE: Silero's model as whisper.cpp stores it; empty: none
  std::string name;   // --name ID: as the model is called in answers; the file's name without ending
  int slots = 1;      // --slots N: recordings at a time
};

// Without --vad, a file "ggml-silero*.bin" beside the model is used. Without --model, the one other .bin file in the
// data folder. invalid_argument.
Result<Arguments> read_arguments(const kit::Options& options);

}  // namespace hearth::whisper
