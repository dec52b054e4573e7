#include <hearth/models/model_file.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hearth::models {
namespace {

// Architectures of llama.cpp that read a text as a whole: sentence encoders, and rerankers where they have a
// classifier.
constexpr auto kEncoders =
    std::to_array<std::string_view>({"bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2",
                                     "jina-bert-v3", "eurobert", "gemma-embedding", "llama-embed", "t5encoder"});

Task gguf_task(const ModelFacts& facts) {
  if (facts.kind == "adapter") return Task::adapter;
  if (facts.projector || facts.kind == "mmproj") return Task::projector;
  if (!facts.transformer) return Task::unknown;
  const TransformerFacts& t = *facts.transformer;
  if (t.pooling == Pooling::rank) return Task::rerank;
  const bool encoder = std::ranges::find(kEncoders, facts.architecture) != kEncoders.end();
  if (encoder || t.pooling == Pooling::mean || t.pooling == Pooling::cls || t.pooling == Pooling::last)
    return Task::embedding;
  if (facts.architecture == "wavtokenizer-dec") return Task::speech;
  if (t.causal && !t.tokenizer.empty()) return Task::chat;
  return Task::unknown;
}

struct Graph {
  const OnnxFacts& onnx;

  [[nodiscard]] const OnnxValue* input(std::string_view name) const { return find(onnx.inputs, name); }
  [[nodiscard]] const OnnxValue* output(std::string_view name) const { return find(onnx.outputs, name); }
  [[nodiscard]] bool reads(std::initializer_list<std::string_view> names) const {
    return std::ranges::all_of(names, [&](std::string_view name) { return input(name) != nullptr; });
  }
  // One picture or a stack of them: [N, 3, H, W]. Sizes that are not known fit.
  [[nodiscard]] const OnnxValue* picture() const {
    if (onnx.inputs.empty()) return nullptr;
    const OnnxValue& first = onnx.inputs.front();
    const bool numbers = first.type == "float32" || first.type == "float16" || first.type == "uint8";
    return numbers && first.shape.size() == 4 && first.shape[1].size == 3 ? &first : nullptr;
  }
  [[nodiscard]] bool writes(const OnnxValue& value, std::initializer_list<std::uint64_t> last) const {
    if (value.shape.size() <= last.size()) return false;
    auto dimension = value.shape.end() - static_cast<std::ptrdiff_t>(last.size());
    return std::ranges::all_of(last, [&](std::uint64_t size) { return (dimension++)->size == size; });
  }

 private:
  static const OnnxValue* find(const std::vector<OnnxValue>& values, std::string_view name) {
    const auto found = std::ranges::find(values, name, &OnnxValue::name);
    return found == values.end() ? nullptr : &*found;
  }
};

Task text_task(const Graph& graph) {
  if (graph.output("logits") && graph.output("logits")->shape.size() == 2)
    return graph.output("logits")->shape[1].size == 1 ? Task::rerank : Task::unknown;
  if (graph.output("last_hidden_state") || graph.output("sentence_embedding") || graph.output("token_embeddings"))
    return Task::embedding;
  // Exports without names: [batch, tokens, width] or [batch, width] of floats.
  const OnnxValue& first = graph.onnx.outputs.front();
  const bool vectors = first.shape.size() == 3 || first.shape.size() == 2;
  return vectors && first.shape.back().size.value_or(0) >= 64 && graph.onnx.outputs.size() <= 2 ? Task::embedding
                                                                                                : Task::unknown;
}

// Text detectors answer with a map the size of the picture; recognisers with a distribution over characters for each
// column; direction classifiers with two numbers for a picture that is much wider than high.
Task page_task(const Graph& graph, const OnnxValue& picture) {
  if (graph.onnx.outputs.size() != 1) return Task::unknown;
  const OnnxValue& out = graph.onnx.outputs.front();
  const auto height = picture.shape[2].size;
  const bool line = height && (*height == 48 || *height == 32);
  if (graph.onnx.metadata.contains("character")) return Task::ocr_recognition;
  if (out.shape.size() == 4 && out.shape[1].size == 1 && !height) return Task::ocr_detection;
  if (out.shape.size() == 3 && line && out.shape[2].size.value_or(0) >= 30) return Task::ocr_recognition;
  if (out.shape.size() == 2 && out.shape[1].size == 2 && (line || !height)) return Task::ocr_direction;
  return Task::unknown;
}

Task picture_task(const Graph& graph, const OnnxValue& picture) {
  const std::vector<OnnxValue>& outputs = graph.onnx.outputs;
  const auto starts = [&](std::string_view prefix) {
    return std::ranges::any_of(outputs, [&](const OnnxValue& value) { return value.name.starts_with(prefix); });
  };
  // YuNet: class, object, box and five landmarks for each of three scales. Another: scores of two classes, and boxes.
  if (starts("cls_") && starts("obj_") && starts("bbox_") && starts("kps_")) return Task::face;
  const OnnxValue* scores = graph.output("scores");
  const OnnxValue* boxes = graph.output("boxes");
  if (scores && boxes && outputs.size() == 2 && graph.writes(*scores, {2}) && graph.writes(*boxes, {4}))
    return Task::face;
  if (const Task page = page_task(graph, picture); page != Task::unknown) return page;
  if (boxes || graph.output("detection_boxes") || graph.output("dets")) return Task::detection;
  if (outputs.size() == 1) {
    const OnnxValue& out = outputs.front();
    // YOLO and its kin: [N, 4 + classes (+ 1), anchors], the other way round, or with the anchors as a map.
    const auto size = [&](std::size_t i) { return out.shape[i].size.value_or(0); };
    if (out.shape.size() == 3 && std::max(size(1), size(2)) >= 100 && std::min(size(1), size(2)) >= 5)
      return Task::detection;
    if (out.shape.size() == 4 && size(1) >= 6 && size(2) >= 4 && size(2) == size(3) && size(1) <= 1024)
      return Task::detection;
  }
  return Task::unknown;
}

Task onnx_task(const OnnxFacts& onnx) {
  const Graph graph{onnx};
  if (graph.reads({"input", "state", "sr"}) || graph.reads({"input", "sr", "h", "c"})) return Task::vad;
  if (graph.reads({"input", "input_lengths", "scales"})) return Task::speech;  // Piper
  if (graph.reads({"style", "speed"}) && (graph.input("tokens") || graph.input("input_ids")))
    return Task::speech;  // Kokoro
  if (graph.reads({"input_ids", "attention_mask"})) return text_task(graph);
  if (const OnnxValue* picture = graph.picture()) return picture_task(graph, *picture);
  return Task::unknown;
}

}  // namespace

Task infer_task(const ModelFacts& facts) {
  switch (facts.format) {
    case Format::gguf:
      return gguf_task(facts);
    case Format::onnx:
      return facts.onnx && !facts.onnx->outputs.empty() ? onnx_task(*facts.onnx) : Task::unknown;
    case Format::whisper:
      return facts.whisper ? Task::transcription : Task::vad;
  }
  return Task::unknown;
}

}  // namespace hearth::models
