// For tests: a model in whisper.cpp's format that recites.
//
// Its layers are all zero, so what comes out depends on the position only: the n-th position's embedding is the code of
// the token that the n-th step shall say. So libwhisper's whole way is walked (reading the file, spectrogram, encoder,
// language, decoder, time stamps, words), and what is said at its end is known. It proves nothing about recognition.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hearth::whisper::testing {

struct TinyModel {
  bool multilingual = true;
  int language = 2;  // that it takes every recording for: libwhisper's number; 2 is German

  // What it says in every window. Text is said in the tokens listed in kWords, else byte by byte.
  struct Saying {
    double start = 0;  // seconds, a multiple of 0.02
    double end = 0;
    std::string text;
  };
  std::vector<Saying> sayings{{0.0, 1.0, " Hello world!"}, {1.0, 2.0, " Gr\xC3\xBC\xC3\x9F dich \xE4\xBD\xA0."}};
  // When it translates, the first saying begins here instead, which shows that it was told to.
  double translated_start = 0.4;
};

// The file's bytes, about 7 MB; the same on every machine.
std::string tiny_model(const TinyModel& model = {});

// The bytes of a whole file of the same format, but without any weights and with a vocabulary of a few words: for
// fuzzing.
std::string empty_model();

void write_model(const std::filesystem::path& file, const TinyModel& model = {});

}  // namespace hearth::whisper::testing
