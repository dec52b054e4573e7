// Any bytes as a request. What was JSON stays JSON, gets shorter, keeps what the model said and all that is no text;
// and what comes out twice is the same.
#include "check.h"

#include <hearth/trim/trim.h>

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace hearth::trim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  for (const Dialect dialect : {Dialect::openai, Dialect::anthropic}) {
    const Settings settings{.smallest = 8, .dialect = dialect};
    const Trimmed done = trim(body, settings);
    if (!done.body) continue;
    check(done.body->size() < body.size());
    check(trim(body, settings).body == done.body);
    boost::json::error_code error;
    const boost::json::value before = boost::json::parse(body, error);
    if (error) continue;
    const boost::json::value after = boost::json::parse(*done.body, error);
    check(!error && after.is_object());
    const boost::json::value* const was = before.as_object().if_contains("messages");
    const boost::json::value* const is = after.as_object().if_contains("messages");
    check((was == nullptr) == (is == nullptr));
    if (was != nullptr) check(was->as_array().size() == is->as_array().size());
  }
  return 0;
}
