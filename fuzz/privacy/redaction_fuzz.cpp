// Any bytes: redacted and restored they are what they were, also when the text comes in pieces; a JSON body stays JSON,
// and nothing that is confidential is left in it. The first byte says how long the pieces are.
#include "check.h"

#include <hearth/privacy/redaction.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace hearth;
using namespace hearth::privacy;

namespace {

void text_round_trip(const Detectors& detectors, std::string_view text, std::size_t piece) {
  const auto redacted = redact_text(detectors, text, DataClass::open);
  if (!redacted) return;
  check(detectors.scan(redacted->body).highest == DataClass::open);
  check(restore_text(redacted->placeholders, redacted->body) == text);
  TextRestorer restorer(&redacted->placeholders);
  std::string out;
  for (std::string_view rest = redacted->body; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
    out += restorer.push(rest.substr(0, piece));
  out += restorer.finish();
  check(out == text);
}

void body_round_trip(const Detectors& detectors, std::string_view body) {
  boost::json::error_code error;
  boost::json::parse(body, error);
  const auto redacted = redact_body(detectors, body, DataClass::open);
  if (!redacted || error) return;
  check(detectors.scan_body(redacted->body).highest == DataClass::open);
  boost::json::parse(redacted->body, error);
  check(!error);
  boost::json::parse(restore_body(redacted->placeholders, redacted->body), error);
  check(!error);
}

void stream(const Detectors& detectors, std::string_view lines) {
  auto redacted = redact_text(detectors, "jane@example.org and bob@example.org", DataClass::open);
  ChatStreamRestorer restorer(&redacted->placeholders);
  ResponseStreamRestorer responses(&redacted->placeholders);
  std::vector<std::string> out;
  std::vector<StreamEvent> events;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    restorer.event(lines.substr(0, end), out);
    responses.event({}, lines.substr(0, end), events);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  restorer.finish(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Detectors detectors;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  text_round_trip(detectors, input, 1 + data[0] % 16U);
  body_round_trip(detectors, input);
  stream(detectors, input);
  return 0;
}
