#include "src/loaned_parser.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace hearth::dialects::json {
namespace {

constexpr std::size_t kMostKept = 2;  // of a thread: seldom is a second document open beside the first
constexpr std::size_t kLargestKept = 128 * 1024;

using Parsers = std::vector<std::unique_ptr<simdjson::ondemand::parser>>;

Parsers& kept() {
  static thread_local Parsers parsers;
  return parsers;
}

}  // namespace

LoanedParser::LoanedParser() {
  Parsers& parsers = kept();
  if (parsers.empty()) {
    parser_ = std::make_unique<simdjson::ondemand::parser>();
    return;
  }
  parser_ = std::move(parsers.back());
  parsers.pop_back();
}

LoanedParser::~LoanedParser() {
  Parsers& parsers = kept();
  if (parsers.size() < kMostKept && parser_->capacity() <= kLargestKept) parsers.push_back(std::move(parser_));
}

}  // namespace hearth::dialects::json
