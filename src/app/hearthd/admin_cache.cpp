#include "admin_cache.h"

#include <hearth/core/money.h>
#include <hearth/dialects/api_error.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/json.hpp>

#include <algorithm>

namespace hearth::daemon {
namespace {

namespace json = boost::json;

net::awaitable<void> reply(net::Exchange& exchange, int status, std::string body) {
  [[maybe_unused]] const auto sent = co_await exchange.respond(status, {{"Content-Type", "application/json"}}, body);
}

}  // namespace

net::awaitable<void> show_cache(net::Exchange& exchange, const Answers& answers) {
  const answers::CacheCounts c = answers.counts();
  const answers::CacheLimits& limits = answers.limits();
  json::object money;
  for (const auto& [currency, nano] : c.saved_nano) money[currency] = format_money(nano);
  const json::object body{
      {"enabled", answers.enabled()},
      {"memory", {{"bytes", c.memory_bytes}, {"limit", limits.memory}, {"answers", c.memory_answers}}},
      {"disk", {{"bytes", c.disk_bytes}, {"limit", limits.disk}, {"answers", c.disk_answers}}},
      {"lifetime_seconds", limits.lifetime.count()},
      {"hits", {{"memory", c.memory_hits}, {"disk", c.disk_hits}}},
      {"misses", c.misses},
      {"stored", c.stored},
      {"joined", answers.joined()},
      {"saved", {{"input_tokens", c.saved_input_tokens}, {"output_tokens", c.saved_output_tokens}, {"money", money}}}};
  std::string text = json::serialize(body);
  co_await reply(exchange, 200, std::move(text));
}

net::awaitable<void> clear_cache(net::Exchange& exchange, Answers& answers, net::Executor io) {
  const answers::CacheCounts before = answers.counts();
  if (answers.cache() != nullptr) {
    const auto cleared = co_await net::asio::co_spawn(io, answers.cache()->clear(), net::asio::use_awaitable);
    if (!cleared) {
      const dialects::ApiError error = dialects::to_api_error(cleared.error());
      co_return co_await reply(exchange, error.status, dialects::encode(error));
    }
  }
  const std::uint64_t bytes = std::max(before.memory_bytes, before.disk_bytes);  // much is in both
  std::string text = json::serialize(json::object{{"bytes", bytes}});
  co_await reply(exchange, 200, std::move(text));
}

}  // namespace hearth::daemon
