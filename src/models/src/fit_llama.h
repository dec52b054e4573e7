// What llama.cpp takes, part by part (fit.h adds it up). The formulas were checked against llama-server:
// docs/model-files.md.
#pragma once

#include <hearth/models/fit.h>

#include <cstdint>
#include <string>

namespace hearth::models {

struct Part {
  std::uint64_t bytes = 0;
  std::string unknown;  // what was taken at its largest; empty: nothing
};

// Tokens of one slot as llama.cpp rounds them up.
std::uint64_t slot_context(const TransformerFacts& t, const RunOptions& options);
std::uint64_t llama_weights(const ModelFacts& model, const RunOptions& options);
// Keys and values, and recurrent state. Needs valid cache types.
Part llama_cache(const ModelFacts& model, const RunOptions& options);
Part llama_compute(const ModelFacts& model, const RunOptions& options);
Part projector_need(const ModelFacts& projector);
// Code, tables of the vocabulary, threads.
std::uint64_t llama_program(const ModelFacts& model, const RunOptions& options);

}  // namespace hearth::models
