// Any bytes as a body: tokens lie in it; of a JSON text, no way of writing a string changes what is found in it.
#include "check.h"

#include <hearth/privacy/detectors.h>

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace hearth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const privacy::Detectors detectors;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const privacy::BodyScan scan = detectors.scan_body(body);
  for (const privacy::BodyFinding& one : scan.findings) {
    check(one.token.length > 0 && one.token.offset + one.token.length <= body.size());
    const char first = body[one.token.offset];
    check(first == '"' || (first >= '0' && first <= '9'));
  }

  // The bytes as one string, all of it escaped: as much is found as in the text itself.
  boost::json::error_code error;
  const boost::json::value text = boost::json::parse(body, error);
  if (error || !text.is_string()) return 0;
  std::string escaped = "\"";
  for (const char16_t unit : [&] {
         std::u16string units;
         const boost::json::string& s = text.get_string();
         for (std::size_t i = 0; i < s.size();) {
           const auto byte = static_cast<unsigned char>(s[i]);
           const std::size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
           char32_t c = length == 1 ? byte : byte & (0x7FU >> length);
           for (std::size_t k = 1; k < length; ++k) c = c << 6U | (static_cast<unsigned char>(s[i + k]) & 0x3FU);
           i += length;
           if (c < 0x10000) {
             units += static_cast<char16_t>(c);
           } else {
             units += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10U));
             units += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FFU));
           }
         }
         return units;
       }()) {
    constexpr std::string_view kHex = "0123456789abcdef";
    escaped += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) escaped += kHex[(unit >> static_cast<unsigned>(shift)) & 0xFU];
  }
  escaped += '"';
  check(detectors.scan_body(escaped).counts == scan.counts);
  return 0;
}
