#include "encoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::onnx {
namespace {

constexpr std::size_t kWidest = 4096;

Result<void> check_inputs(const Model& model) {
  bool has_ids = false;
  for (const Port& port : model.inputs()) {
    const bool known = port.name == "input_ids" || port.name == "attention_mask" || port.name == "token_type_ids";
    has_ids = has_ids || port.name == "input_ids";
    if (known && port.element == Element::int64 && port.shape.size() == 2) continue;
    has_ids = false;
    break;
  }
  if (has_ids) return {};
  return fail(Errc::unsupported,
              fmt::format("this is no encoder of the BERT family: its inputs are {}; wanted are input_ids, and "
                          "perhaps attention_mask and token_type_ids, as int64",
                          to_text(model.inputs())));
}

// The text's own vector when the exporter put the pooling into the model, or else the tokens'.
std::optional<std::size_t> choose_output(const Model& model) {
  for (const std::string_view name : {"sentence_embedding", "last_hidden_state", "token_embeddings"})
    if (const auto at = find_port(model.outputs(), name)) return at;
  for (std::size_t i = 0; i < model.outputs().size(); ++i)
    if (model.outputs()[i].shape.size() == 3) return i;
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Encoder>> Encoder::create(std::unique_ptr<Model> model, embed::Vocabulary vocabulary,
                                                 const Options& options) {
  HEARTH_TRY(check_inputs(*model));
  const auto output = choose_output(*model);
  if (!output || model->outputs()[*output].element != Element::float32)
    return fail(Errc::unsupported,
                fmt::format("this encoder has no output of vectors: its outputs are {}", to_text(model->outputs())));
  std::unique_ptr<Encoder> made(new Encoder(std::move(model), std::move(vocabulary), options));
  made->output_ = *output;
  HEARTH_TRY_ASSIGN(const Tensor tried, made->run(made->tokens_of("a")));
  const std::int64_t width = tried.shape.empty() ? 0 : tried.shape.back();
  if (width < 1 || width > static_cast<std::int64_t>(kWidest))
    return fail(Errc::unsupported,
                fmt::format("this encoder's vectors have {} components; 1 to {} are possible", width, kWidest));
  made->dims_ = static_cast<std::size_t>(width);
  return made;
}

std::vector<std::int64_t> Encoder::tokens_of(std::string_view text) const {
  std::vector<embed::Vocabulary::Id> ids;
  embed::BasicWordPiece<embed::Vocabulary>(vocabulary_).tokenize(text, ids);
  ids.resize(std::min(ids.size(), options_.max_tokens - 2));
  std::vector<std::int64_t> tokens{vocabulary_.first_mark()};
  tokens.insert(tokens.end(), ids.begin(), ids.end());
  tokens.push_back(vocabulary_.last_mark());
  return tokens;
}

Result<Tensor> Encoder::run(const std::vector<std::int64_t>& tokens) const {
  const auto count = static_cast<std::int64_t>(tokens.size());
  std::vector<Tensor> inputs;
  for (const Port& port : model_->inputs()) {
    Tensor tensor{.shape = {1, count}, .values = tokens};
    if (port.name != "input_ids")
      tensor.values = std::vector<std::int64_t>(tokens.size(), port.name == "attention_mask" ? 1 : 0);
    inputs.push_back(std::move(tensor));
  }
  HEARTH_TRY_ASSIGN(std::vector<Tensor> outputs, model_->run(inputs));
  if (output_ >= outputs.size()) return fail(Errc::corrupt, "the model gave fewer outputs than it says it has");
  Tensor& out = outputs[output_];
  const Shape wanted = out.shape.size() == 2 ? Shape{1, -1} : Shape{1, count, -1};
  HEARTH_TRY(floats_of(out, wanted, "the vectors"));
  return std::move(out);
}

Result<std::size_t> Encoder::embed(std::string_view text, std::span<embed::Component> into) const {
  const std::vector<std::int64_t> tokens = tokens_of(text);
  HEARTH_TRY_ASSIGN(const Tensor hidden, run(tokens));
  const auto& values = std::get<std::vector<float>>(hidden.values);
  if (hidden.shape.back() != static_cast<std::int64_t>(dims_))
    return fail(Errc::corrupt, "the model's vectors change their length");
  HEARTH_TRY(pool_into(values, dims_, options_.pooling, into));
  return tokens.size();
}

}  // namespace hearth::onnx
