// What arrives at hearth-gate and at hearthd's side of it: their messages, and the heads of a proxy's clients.
#include <hearth/egress/gate_messages.h>
#include <hearth/egress/outer_proxy.h>
#include <hearth/egress/proxy_request.h>

#include <cstdint>
#include <cstdlib>

namespace e = hearth::egress;

namespace {

void check_host(const std::string& host) {
  const auto again = e::parse_host(host);
  if (!again || *again != host) std::abort();
}

// What is read is written back as it came: there is one way to say a thing.
template <typename Message>
void check_round(const Message& message, std::string_view text) {
  if (e::write_message(message) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto message = e::read_to_gate(text)) check_round(*message, text);
  if (const auto message = e::read_from_gate(text)) check_round(*message, text);
  if (const auto host = e::parse_host(text)) check_host(*host);
  if (const auto to = e::destination_of(e::Purpose::pull, text, "fuzz")) check_host(to->host);
  if (const auto rule = e::parse_rule(text); rule && rule->nearby) check_host(rule->host);
  if (const auto request = e::parse_proxy_request(text)) {
    check_host(request->host);
    if (request->port == 0 || request->tunnel != request->head.empty()) std::abort();
    if (!request->tunnel && e::find_head_end(request->head) != request->head.size()) std::abort();
  }
  if (const auto proxy = e::parse_outer_proxy(text, text); proxy && *proxy) check_host((*proxy)->host);
  return 0;
}
