// What every listener answers before the API is asked: health, readiness, metrics, the OpenAPI document, CORS
// preflights.
#pragma once

#include <hearth/engines/supervisor.h>
#include <hearth/gateway/gateway.h>
#include <hearth/net/runtime.h>
#include <hearth/net/server.h>

#include <functional>
#include <string>

namespace hearth::daemon {

// Shared by the I/O thread and the admin thread; all of it may be asked from both.
struct Vitals {
  std::function<bool()> ready;                     // listeners open, store open, engines found
  std::function<std::string()> not_ready_because;  // empty when ready
  std::function<std::string()> metrics;            // blocks a little: reads /proc
  net::BlockingPool* pool = nullptr;               // where that is done
  std::string openapi;
};

// Could answer_vitals() have an answer? Of the API's calls only to preflights.
inline bool may_be_vital(const net::RequestHead& request) {
  return request.method == "OPTIONS" || !request.target.starts_with("/v1/");
}
// Answers the request if it is one of those; false: it is for somebody else.
net::awaitable<bool> answer_vitals(net::Exchange& exchange, const Vitals& vitals, const gateway::AccessPolicy& access,
                                   gateway::Gateway::Trust trust);

}  // namespace hearth::daemon
