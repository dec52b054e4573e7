// Models of our own making for tests: small enough to make in a moment, and real: engines load and run them. The same
// options give the same bytes on every machine.
//
// The language model knows one sentence, kSentence, and says it after every chat prompt: its table of tokens is wired
// so that each word calls for the next. Other words call for each other at random. Attention and feed-forward layers
// are computed like any model's, but add too little to change that. So its answer can be checked to the letter at
// temperature 0. Where a tool must be called ("tool_choice": "required", "parallel_tool_calls": false), it says its
// sentence and then calls one.
#pragma once

#include "gguf_writer.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace hearth::fixtures {

inline constexpr std::string_view kSentence =
    "Every evening the small kettle sings and our old cat dreams by its warm hearth.";

struct TinyLlama {
  std::string name = "tiny-llama";
  std::uint32_t context = 512;
  std::uint32_t embedding = 64;  // a multiple of heads, and of 32 if quantised; at least 64
  std::uint32_t layers = 2;
  std::uint32_t heads = 4;
  std::uint32_t kv_heads = 2;
  std::uint32_t feed_forward = 128;
  std::uint32_t vocabulary = 0;  // tokens; those past what it needs are never used. 0: what it needs, some 600
  GgmlType weights = GgmlType::f32;
  bool chat_template = true;
  bool endless = false;  // after its last word the sentence begins anew; else the answer ends there
  std::uint64_t seed = 1;
};
GgufWriter tiny_llama(const TinyLlama& options);

// A sentence encoder: texts that share words have similar vectors.
struct TinyBert {
  std::string name = "tiny-bert";
  std::uint32_t context = 128;
  std::uint32_t embedding = 64;
  std::uint32_t layers = 2;
  std::uint32_t heads = 4;
  std::uint32_t feed_forward = 128;
  std::uint32_t pooling = 1;  // llama.cpp's number: 1 mean, 2 first token, 4 rank (a reranker with one score)
  GgmlType weights = GgmlType::f32;
  std::uint64_t seed = 1;
};
GgufWriter tiny_bert(const TinyBert& options);

// ONNX models, whole files. ONNX Runtime runs them.
std::string tiny_onnx_identity();
// Of a YOLO's shape: for every picture it answers with one person (class 0) of half the picture's size in its middle.
std::string tiny_onnx_yolo(std::int64_t side = 64);
// Of a PP-OCR recogniser's shape: for every line it reads `text` (letters, digits, blanks, full stops).
std::string tiny_onnx_recogniser(std::string_view text);
// Of PP-OCR's other shapes: text is where a picture is dark; no line stands on its head.
std::string tiny_onnx_line_finder();
std::string tiny_onnx_line_direction();
// Of a Piper voice's shape: each phoneme sounds for 200 samples, the louder the higher its id; and the settings beside.
std::string tiny_onnx_piper();
std::string tiny_piper_config();
// Of Kokoro's: the same; a tokenizer.json with the phonemes, and a voice's table of styles.
std::string tiny_onnx_kokoro();
std::string tiny_kokoro_tokenizer();
std::string tiny_kokoro_voice();
// Of a sentence encoder's shape: 256 tokens, each with a vector of its own.
std::string tiny_onnx_encoder(std::int64_t width = 64, std::uint64_t seed = 1);
// The same with its vectors in a file beside it.
struct OnnxInTwoFiles {
  std::string model;
  std::string weights;
};
OnnxInTwoFiles tiny_onnx_encoder_beside(const std::string& location, std::int64_t width = 64, std::uint64_t seed = 1);
// Words for its 256 tokens, one a line.
std::string tiny_vocabulary();

// whisper.cpp's layout, for readers of it; too small to be run.
std::string tiny_whisper(bool weights);
// The layout of its voice detector.
std::string tiny_detector();

}  // namespace hearth::fixtures
