#include "judge.h"

#include <fmt/format.h>

namespace hearth::gateway {

dialects::Decoded<DataClass> declared_class(const net::Headers& headers, const config::Policy& policy) {
  const std::string_view said = headers.get(kClassHeader);
  if (said.empty()) return policy.default_class;
  if (const auto known = parse_data_class(said)) return *known;
  return dialects::reject(dialects::ApiCode::invalid_value,
                          fmt::format("{}: '{}' is no class of data; there are public, internal, personal and secret",
                                      kClassHeader, said.substr(0, 40)),
                          std::string(kClassHeader));
}

net::awaitable<dialects::Decoded<>> judge(Call& call, const dialects::JsonBody&) {
  const auto declared = declared_class(call.exchange.request().headers, call.services.config.policy);
  if (!declared) co_return std::unexpected(declared.error());
  call.decision.data_class = *declared;
  co_return dialects::Decoded<>();
}

}  // namespace hearth::gateway
