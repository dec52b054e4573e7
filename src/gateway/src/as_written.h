// A request as its client wrote it, in another dialect than OpenAI's chat completions: for those who speak that one,
// too.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/json_body.h>
#include <hearth/gateway/upstream.h>

#include <optional>
#include <string>

namespace hearth::gateway {

struct AsWritten {
  enum class Dialect { messages, responses };

  Dialect dialect;
  const dialects::JsonBody& body;
  dialects::Span model_at;
  std::string target;
  // Why it cannot be asked of anybody else; not set: it can.
  std::optional<dialects::ApiError> untranslatable = {};
  // Of a request that goes on from what whoever made it keeps: the field that says so, and the id in it.
  std::string kept_in = {};
  std::string kept = {};
  bool stored = false;  // who answers keeps the answer

  [[nodiscard]] bool is_for(const UpstreamFacts& facts) const noexcept {
    return dialect == Dialect::responses ? facts.responses : facts.speaks == Speaks::anthropic;
  }
};

}  // namespace hearth::gateway
