// A request as one candidate gets it: in its dialect, with its name for the model; and what takes its answer back.
#pragma once

#include "forward.h"

#include <hearth/privacy/redaction.h>

#include <memory>
#include <string>

namespace hearth::gateway {

// What is to be answered, whoever does.
struct Request {
  const dialects::JsonBody& body;  // in OpenAI's dialect
  const dialects::ForwardHead& head;
  std::string target;
  MakeRelay relay;
  const AsWritten* own = nullptr;
};

// Not moved once body() was called: that looks into it.
struct Outgoing {
  std::string target;
  net::Headers headers{{"Content-Type", "application/json"}};
  std::unique_ptr<const privacy::Redacted> redacted;  // what the relay gives back; nullptr: nothing
  std::unique_ptr<Relay> relay;
  std::unique_ptr<const dialects::TranslatedRequest> translated;
  dialects::SplicedBody spliced;
  std::string whole;  // instead, if not empty

  [[nodiscard]] net::BodyParts body() const {
    if (!whole.empty()) return whole;
    return {spliced.head, spliced.replacement, spliced.tail};
  }
};

// unsupported_value and what else is wrong with the request for an upstream that speaks another dialect: others may
// take it.
net::awaitable<Attempt<Outgoing>> prepare(Call& call, const Request& request, const Candidate& candidate);

}  // namespace hearth::gateway
