// What a model file says about itself, read from its header alone. Values, no behaviour: made by inspect_model(), read
// by the catalogue, the memory prediction (fit.h) and `hearth models show`.
//
// A number a file does not give is 0, a text it does not give is empty.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

enum class Format { gguf, onnx, whisper };  // whisper: ggml's older .bin layout, of whisper.cpp and its voice detector
// "gguf", "onnx", "whisper"
std::string_view to_string(Format format) noexcept;
std::optional<Format> parse_format(std::string_view text) noexcept;

// What a model is for.
enum class Task {
  unknown,  // a good file, but it does not say
  chat,     // text in, text out (and pictures, with a projector)
  embedding,
  rerank,
  transcription,
  speech,
  vad,        // where in a recording somebody speaks
  detection,  // things in pictures
  face,
  ocr_detection,    // where on a page there is text
  ocr_direction,    // whether a line stands on its head
  ocr_recognition,  // what a line says
  projector,        // belongs to a chat model: pictures or sound into its embedding space (llama.cpp's mmproj)
  adapter,          // belongs to another model: a low-rank adaptation
};
// "chat", "ocr_detection", …
std::string_view to_string(Task task) noexcept;
std::optional<Task> parse_task(std::string_view text) noexcept;

enum class Pooling { unspecified, none, mean, cls, last, rank };
// "mean", …; "unspecified" when the file does not say.
std::string_view to_string(Pooling pooling) noexcept;

// Tensors of one type. ggml's name ("F16", "Q4_K") or ONNX's ("float32", "int8").
struct TensorTotals {
  std::uint64_t count = 0;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
};

// A text model's shape (GGUF). Where layers differ, the vectors have one entry a layer; else they are empty and the
// single number holds for all.
struct TransformerFacts {
  std::uint32_t context_length = 0;  // what it was trained for
  std::uint32_t embedding_length = 0;
  std::uint32_t feed_forward_length = 0;  // the largest of its layers
  std::uint32_t layers = 0;
  std::uint32_t heads = 0;     // the largest of its layers
  std::uint32_t kv_heads = 0;  // the largest of its layers
  std::vector<std::uint32_t> kv_heads_by_layer{};
  std::uint32_t key_length = 0;  // of one head
  std::uint32_t value_length = 0;
  std::uint32_t swa_key_length = 0;  // of one head in sliding-window layers, where it differs
  std::uint32_t swa_value_length = 0;
  std::uint32_t vocabulary = 0;
  std::uint32_t experts = 0;
  std::uint32_t experts_used = 0;
  std::uint32_t expert_feed_forward_length = 0;

  std::uint32_t sliding_window = 0;             // tokens; 0: every layer sees all
  std::uint32_t sliding_window_period = 0;      // every n-th layer sees all, the others the window; 0: not said
  std::vector<bool> sliding_window_by_layer{};  // true: this layer sees the window only
  std::uint32_t shared_kv_layers = 0;           // the last n layers keep no keys and values of their own

  // Multi-head latent attention (DeepSeek): one compressed vector a token and layer.
  std::uint32_t kv_lora_rank = 0;
  std::uint32_t rope_dimensions = 0;
  bool mla = false;  // the file has the absorbed tensors, so that the compressed vector is what is kept

  // Recurrent and hybrid models: state of fixed size a sequence.
  std::uint32_t ssm_conv_kernel = 0;
  std::uint32_t ssm_inner_size = 0;
  std::uint32_t ssm_state_size = 0;
  std::uint32_t ssm_groups = 0;
  std::uint32_t ssm_time_step_rank = 0;
  std::uint32_t wkv_head_size = 0;            // RWKV
  std::uint32_t token_shift_count = 0;        // RWKV
  std::uint32_t short_conv_length = 0;        // LFM2
  std::uint32_t full_attention_interval = 0;  // every n-th layer is attention, the others are recurrent
  // From its tensors, one entry a layer, of hybrid models only: this layer keeps a state; this one keys and values.
  std::vector<bool> recurrent_by_layer{};
  std::vector<bool> attention_by_layer{};

  Pooling pooling = Pooling::unspecified;
  bool causal = true;  // false: reads its text as a whole (encoders)
  bool chat_template = false;
  bool chat_template_tools = false;  // its chat template knows tools
  std::string tokenizer{};           // "llama", "gpt2", "bert", …; empty: the file has none
  std::uint32_t classes = 0;         // outputs of a classifier head
};

// The part of a picture or sound projector that memory depends on (GGUF, architecture "clip").
struct ProjectorFacts {
  bool vision = false;
  bool audio = false;
  std::string type{};  // "gemma3", "qwen2.5vl_merger", …
  std::uint32_t image_size = 0;
  std::uint32_t patch_size = 0;
  std::uint32_t embedding_length = 0;
  std::uint32_t feed_forward_length = 0;
  std::uint32_t layers = 0;
  std::uint32_t heads = 0;
  std::uint32_t projection = 0;  // must be the text model's embedding length
};

// One file of several (GGUF): number `index`, from 0, of `count`.
struct SplitFacts {
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  std::uint32_t tensors = 0;  // of all parts together
};

struct OnnxDimension {
  std::optional<std::uint64_t> size;  // nullopt: known when it runs
  std::string symbol;                 // "batch_size"; may be empty
};
struct OnnxValue {
  std::string name;
  std::string type{};  // "float32", "int64", …; "sequence", "map", "optional"
  bool ranked = false;
  std::vector<OnnxDimension> shape;  // when ranked
};
// Weights that are kept in a file beside the model.
struct ExternalFile {
  std::string location;     // relative, inside the model's folder: checked
  std::uint64_t bytes = 0;  // it must be at least this long
};
struct OnnxFacts {
  std::int64_t ir_version = 0;
  std::map<std::string, std::int64_t> opsets;  // by domain; "" is ONNX's own
  std::string producer;                        // "pytorch 2.1.0"
  std::map<std::string, std::string> metadata;
  std::vector<OnnxValue> inputs;  // what a caller gives; no initializers
  std::vector<OnnxValue> outputs;
  std::map<std::string, std::uint64_t> operators;  // how often each is used, subgraphs included
  std::vector<ExternalFile> external;
  std::uint64_t largest_known_value = 0;  // bytes of the largest value between nodes whose shape is written down
};

struct WhisperFacts {
  std::uint32_t audio_context = 0;
  std::uint32_t audio_state = 0;
  std::uint32_t audio_heads = 0;
  std::uint32_t audio_layers = 0;
  std::uint32_t text_context = 0;
  std::uint32_t text_state = 0;
  std::uint32_t text_heads = 0;
  std::uint32_t text_layers = 0;
  std::uint32_t mels = 0;
  std::uint32_t vocabulary = 0;
  bool multilingual = false;
  bool without_weights = false;  // header and vocabulary only: whisper.cpp loads it, and hears nothing
};

struct ModelFacts {
  Format format = Format::gguf;
  std::uint32_t format_version = 0;  // GGUF's 2 or 3; ONNX's IR version
  std::string architecture;          // "llama", "bert", "clip", "whisper", "silero-vad"; ONNX: empty
  std::string name;
  std::string licence;                 // as the file says it: "apache-2.0"
  std::string kind;                    // GGUF's general.type: "model", "mmproj", "adapter"
  std::vector<std::string> languages;  // as the file says them: "en"
  Task task = Task::unknown;

  std::uint64_t file_bytes = 0;
  std::uint64_t tensor_bytes = 0;  // weights, those in external files included
  std::uint64_t tensors = 0;
  std::uint64_t parameters = 0;  // elements of all tensors
  std::string quantisation;      // "Q4_K_M" when the file says so, else the type of most parameters
  std::map<std::string, TensorTotals> tensor_types;
  std::uint64_t largest_tensor = 0;   // bytes
  std::uint64_t token_embedding = 0;  // bytes of the table of token vectors (GGUF)
  bool output_tied = false;           // the output layer is the table of token vectors (GGUF)

  std::optional<TransformerFacts> transformer;
  std::optional<ProjectorFacts> projector;
  std::optional<SplitFacts> split;
  std::optional<OnnxFacts> onnx;
  std::optional<WhisperFacts> whisper;
};

}  // namespace hearth::models
