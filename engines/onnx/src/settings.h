// What the program was told about its model: the arguments that the kit does not know. Pure.
#pragma once

#include "embedding/pooling.h"

#include <hearth/core/error.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx {

enum class Task { detection, face, ocr, vad, speech, embedding };
std::string_view name_of(Task task);

struct Settings {
  Task task = Task::detection;
  std::filesystem::path model;
  std::string name;    // the model's id; empty: the file's name without its ending
  bool arena = false;  // keep memory between runs
  // Detection and faces.
  std::string family;            // empty: what the model looks like
  std::filesystem::path labels;  // names, one a line; empty: the model's own or the usual ones
  // OCR: the model finds lines, these turn them upright and read them.
  std::filesystem::path classifier;
  std::filesystem::path recogniser;
  std::filesystem::path dictionary;
  // Embeddings.
  std::filesystem::path vocabulary;  // empty: vocab.txt beside the model
  std::filesystem::path token_ids;   // cl100k.bin; empty: beside the program
  Pooling pooling = Pooling::mean;
  bool lowercase = true;
  std::size_t max_tokens = 512;
  // Speech.
  std::filesystem::path config;  // Piper's, beside the model; or the map of Kokoro's phonemes
  std::filesystem::path voices;  // Kokoro: a folder of tables, one a voice
};

// "--task vad --model FILE …"; invalid_argument says which argument is wrong and what is possible.
Result<Settings> parse_settings(const std::vector<std::string>& arguments);

// For --help: a line an argument.
extern const std::string_view kSettingsUsage;

}  // namespace hearth::onnx
