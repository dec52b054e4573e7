// What a request may take from the cache and leave there. Pure.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/data_class.h>

#include <optional>
#include <string_view>

namespace hearth::answers {

// Of a request's Cache-Control (RFC 9111, section 5.2.1). What is not understood is left out, as it asks.
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;
  std::optional<Seconds> max_age = std::nullopt;
  friend bool operator==(const CacheControl&, const CacheControl&) = default;
};

CacheControl parse_cache_control(std::string_view header);

struct CacheTerms {
  bool look = false;   // an answer that is there will do
  bool store = false;  // the answer may be kept
  Seconds max_age{};   // of an answer that will do
  friend bool operator==(const CacheTerms&, const CacheTerms&) = default;
};

// `lifetime`: how long answers are kept. Of secret data nothing is kept, and nothing is looked for: a lookup that hits
// would tell that it was asked before.
CacheTerms cache_terms(bool cacheable, const CacheControl& control, DataClass data_class, Seconds lifetime);

}  // namespace hearth::answers
