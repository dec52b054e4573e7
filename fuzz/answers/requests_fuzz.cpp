// Whatever a body holds: it is read without harm, the same bytes always give the same, and a request is the same with
// white space around it. Input: a byte that chooses the dialect, then the body; the body is tried as a Cache-Control
// header, too.
#include <hearth/answers/cache_control.h>
#include <hearth/answers/request.h>

#include <cstdlib>

using namespace hearth::answers;

namespace {

constexpr std::size_t kPadding = 64;

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto shape = static_cast<Shape>(data[0] % 5);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Exactly as much as may be read, so that reading more is noticed.
  std::string body(text);
  body.append(kPadding, '\0');
  const auto request = read_request(shape, std::string_view(body).substr(0, text.size()));
  std::string spaced = " " + std::string(text) + "\n";
  const std::size_t spaced_size = spaced.size();
  spaced.append(kPadding, '}');
  const auto again = read_request(shape, std::string_view(spaced).substr(0, spaced_size));
  check(request.has_value() == again.has_value());
  if (request) {
    check(request->digest == again->digest);
    check(request->stream == again->stream);
    check(request->not_cacheable == again->not_cacheable);
  }

  const CacheControl control = parse_cache_control(text);
  check(!control.max_age || *control.max_age >= hearth::Seconds(0));
  const CacheTerms terms = cache_terms(true, control, hearth::DataClass::internal, hearth::Seconds(60));
  check(terms.max_age <= hearth::Seconds(60));
  check(!control.no_store || !terms.store);
  return 0;
}
