// make_tiny_models KIND FILE [OPTION=VALUE …]: a small model for trying engines without a download.
#include "tiny_models.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace {

using hearth::fixtures::GgmlType;
using Setter = std::function<bool(std::string_view)>;

constexpr std::string_view kUsage = R"(usage: make_tiny_models KIND FILE [OPTION=VALUE ...]

  llama   a language model (GGUF) that says one sentence:
          name context embedding layers heads kv_heads feed_forward vocabulary weights=f32|f16|q8_0|q4_0
          chat_template=1|0 endless=0|1 seed
  bert    a sentence encoder (GGUF): name context embedding layers heads feed_forward pooling=1|2|4 weights seed
  onnx-identity, onnx-yolo, onnx-recogniser, onnx-line-finder, onnx-line-direction, onnx-encoder, onnx-piper, onnx-kokoro
          (ONNX) of these shapes, without options
  piper-config, kokoro-tokenizer, kokoro-voice, vocabulary  what stands beside some of them
  whisper, whisper-empty, silero                            whisper.cpp's layouts, too small to run
)";

template <typename T>
Setter number(T& target) {
  return [&target](std::string_view text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), target);
    return error == std::errc() && end == text.data() + text.size();
  };
}
Setter flag(bool& target) {
  return [&target](std::string_view text) {
    target = text == "1";
    return text == "1" || text == "0";
  };
}
Setter text(std::string& target) {
  return [&target](std::string_view value) {
    target = value;
    return true;
  };
}
Setter type(GgmlType& target) {
  return [&target](std::string_view value) {
    static const std::map<std::string_view, GgmlType> kTypes{
        {"f32", GgmlType::f32}, {"f16", GgmlType::f16}, {"q8_0", GgmlType::q8_0}, {"q4_0", GgmlType::q4_0}};
    const auto found = kTypes.find(value);
    if (found == kTypes.end()) return false;
    target = found->second;
    return true;
  };
}

bool apply(int argc, char** argv, const std::map<std::string_view, Setter>& setters) {
  for (int i = 3; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::size_t equals = argument.find('=');
    const auto setter = setters.find(argument.substr(0, equals));
    if (equals == std::string_view::npos || setter == setters.end() || !setter->second(argument.substr(equals + 1))) {
      fmt::print(stderr, "make_tiny_models: I don't understand '{}'\n{}", argument, kUsage);
      return false;
    }
  }
  return true;
}

int write(const hearth::fixtures::GgufWriter& file, const char* path) {
  const auto written = file.write(path);
  if (!written) fmt::print(stderr, "make_tiny_models: {}\n", written.error().describe());
  return written ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 2 ? argv[1] : "";
  if (kind == "llama") {
    hearth::fixtures::TinyLlama o;
    const bool good = apply(argc, argv,
                            {{"name", text(o.name)},
                             {"context", number(o.context)},
                             {"embedding", number(o.embedding)},
                             {"layers", number(o.layers)},
                             {"heads", number(o.heads)},
                             {"kv_heads", number(o.kv_heads)},
                             {"feed_forward", number(o.feed_forward)},
                             {"vocabulary", number(o.vocabulary)},
                             {"weights", type(o.weights)},
                             {"chat_template", flag(o.chat_template)},
                             {"endless", flag(o.endless)},
                             {"seed", number(o.seed)}});
    return good ? write(tiny_llama(o), argv[2]) : 2;
  }
  if (kind == "bert") {
    hearth::fixtures::TinyBert o;
    const bool good = apply(argc, argv,
                            {{"name", text(o.name)},
                             {"context", number(o.context)},
                             {"embedding", number(o.embedding)},
                             {"layers", number(o.layers)},
                             {"heads", number(o.heads)},
                             {"feed_forward", number(o.feed_forward)},
                             {"pooling", number(o.pooling)},
                             {"weights", type(o.weights)},
                             {"seed", number(o.seed)}});
    return good ? write(tiny_bert(o), argv[2]) : 2;
  }
  const std::map<std::string_view, std::function<std::string()>> others{
      {"onnx-identity", hearth::fixtures::tiny_onnx_identity},
      {"onnx-yolo", [] { return hearth::fixtures::tiny_onnx_yolo(); }},
      {"onnx-recogniser", [] { return hearth::fixtures::tiny_onnx_recogniser("warm hearth"); }},
      {"onnx-encoder", [] { return hearth::fixtures::tiny_onnx_encoder(); }},
      {"onnx-line-finder", hearth::fixtures::tiny_onnx_line_finder},
      {"onnx-line-direction", hearth::fixtures::tiny_onnx_line_direction},
      {"onnx-piper", hearth::fixtures::tiny_onnx_piper},
      {"onnx-kokoro", hearth::fixtures::tiny_onnx_kokoro},
      {"piper-config", hearth::fixtures::tiny_piper_config},
      {"kokoro-tokenizer", hearth::fixtures::tiny_kokoro_tokenizer},
      {"kokoro-voice", hearth::fixtures::tiny_kokoro_voice},
      {"vocabulary", hearth::fixtures::tiny_vocabulary},
      {"whisper", [] { return hearth::fixtures::tiny_whisper(true); }},
      {"whisper-empty", [] { return hearth::fixtures::tiny_whisper(false); }},
      {"silero", hearth::fixtures::tiny_detector}};
  if (const auto other = others.find(kind); other != others.end() && argc == 3) {
    const auto written = hearth::write_file_atomic(argv[2], other->second());
    if (!written) fmt::print(stderr, "make_tiny_models: {}\n", written.error().describe());
    return written ? 0 : 1;
  }
  fmt::print(stderr, "{}", kUsage);
  return 2;
}
