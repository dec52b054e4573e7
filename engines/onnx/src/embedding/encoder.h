// A sentence encoder of the BERT family: WordPiece tokens in, a vector of length one out.
#pragma once

#include "../common/model.h"
#include "pooling.h"

#include <hearth/core/error.h>

#include <vocabulary.h>

#include <memory>
#include <string_view>

namespace hearth::onnx {

class Encoder {
 public:
  struct Options {
    Pooling pooling = Pooling::mean;
    std::size_t max_tokens = 512;  // longer texts are cut off there, the marks at both ends included
  };
  // Runs the model once, to see that it works and how long its vectors are. unsupported (other inputs or outputs), what
  // Model::run fails with, corrupt.
  static Result<std::unique_ptr<Encoder>> create(std::unique_ptr<Model> model, embed::Vocabulary vocabulary,
                                                 const Options& options);

  [[nodiscard]] std::size_t dims() const { return dims_; }
  // The text's vector, its first components; gives the number of tokens. Any thread, several at once.
  Result<std::size_t> embed(std::string_view text, std::span<embed::Component> into) const;

 private:
  Encoder(std::unique_ptr<Model> model, embed::Vocabulary vocabulary, const Options& options)
      : model_(std::move(model)), vocabulary_(std::move(vocabulary)), options_(options) {}
  [[nodiscard]] std::vector<std::int64_t> tokens_of(std::string_view text) const;
  // The model's output for these tokens: a row for each, or one for the text.
  [[nodiscard]] Result<Tensor> run(const std::vector<std::int64_t>& tokens) const;

  std::unique_ptr<Model> model_;
  embed::Vocabulary vocabulary_;
  Options options_;
  std::size_t output_ = 0;
  std::size_t dims_ = 0;
};

}  // namespace hearth::onnx
