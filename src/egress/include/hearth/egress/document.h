// Small documents over HTTP: asked for again and again as a budget allows.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/egress/http.h>
#include <hearth/egress/retry.h>

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>

namespace hearth::egress {

// With whom and how a document is asked for. `http` and `budget` outlive it.
struct Asking {
  Http& http;
  RetryBudget& budget;
  PlainHttp plain = PlainHttp::loopback_only;
  std::function<void(const std::string& why, Millis wait)> retrying = {};  // before each pause; may be empty
  std::stop_token stop = {};
};

// Blocks. What may pass (unavailable, 429) is waited out. An answer of `accepted_status` is one too. At most 8 MiB.
// Errors as Http::begin, and too_large.
Result<Http::Answer> fetch_document(const Asking& asking, HttpRequest request, int accepted_status = 0);
// The request that `asking` makes for a URL.
HttpRequest request_for(const Asking& asking, std::string url, std::string bearer = {});

// A part of a URL, with all signs but unreserved ones escaped.
enum class Slash { escaped, kept };
std::string escape(std::string_view text, Slash slash = Slash::escaped);

// Waits, but not after `stop`; false: stopped.
bool pause(Millis wait, const std::stop_token& stop);

}  // namespace hearth::egress
