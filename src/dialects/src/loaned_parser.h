// simdjson's parsers, kept for the next body: each owns buffers of several times the largest body it has read, and to
// make them anew cost more than reading most bodies does. Any thread; each has its own.
#pragma once

#include <simdjson.h>

#include <memory>

namespace hearth::dialects::json {

// Goes back when this does; strings that it unescaped must not be used after that.
class LoanedParser {
 public:
  LoanedParser();
  ~LoanedParser();
  LoanedParser(const LoanedParser&) = delete;
  LoanedParser& operator=(const LoanedParser&) = delete;
  simdjson::ondemand::parser& operator*() const noexcept { return *parser_; }
  simdjson::ondemand::parser* operator->() const noexcept { return parser_.get(); }

 private:
  std::unique_ptr<simdjson::ondemand::parser> parser_;
};

}  // namespace hearth::dialects::json
