#include "admin_upstreams.h"

#include <hearth/core/money.h>
#include <hearth/dialects/api_error.h>
#include <hearth/net/runtime.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include <memory>

namespace hearth::daemon {
namespace {

namespace json = boost::json;
constexpr Seconds kPatience{5};  // with the I/O thread
using gateway::Model;
using gateway::UpstreamKind;

std::string_view kind_of(const gateway::UpstreamFacts& facts) {
  switch (facts.kind) {
    case UpstreamKind::engine:
      return "engine";
    case UpstreamKind::lan:
      return "lan";
    case UpstreamKind::provider:
      return "provider";
  }
  return "";
}

json::value or_null(std::optional<double> figure) {
  return figure ? json::value(*figure) : json::value(nullptr);
}

// What a call of a thousand tokens and an answer of half as many costs; null: nothing, or nobody knows.
json::value usual_price(const Model& model, const spend::PriceBook& prices) {
  if (model.upstream->facts().kind != UpstreamKind::provider) return nullptr;
  const spend::ModelPrice* price = prices.find(model.upstream->name(), model.there());
  if (price == nullptr) return nullptr;
  const auto nano = spend::price_of(*price, {.input = 1'000, .output = 500}, wall_now());
  if (!nano) return nullptr;
  return json::object{{"currency", price->currency}, {"amount", format_money(*nano)}};
}

json::object describe(const Model& model, const spend::PriceBook& prices) {
  const gateway::UpstreamFacts& facts = model.upstream->facts();
  const gateway::Pace::Figures pace = model.pace->at(steady_now());
  return {{"model", model.id},
          {"task", gateway::to_string(model.task)},
          {"upstream", model.upstream->name()},
          {"kind", kind_of(facts)},
          {"destination", facts.destination},
          {"sees", to_string(facts.sees)},
          {"region", facts.region},
          {"retention", facts.retention},
          {"usual_price", usual_price(model, prices)},
          {"first_byte_seconds", or_null(pace.first_byte)},
          {"tokens_per_second", or_null(pace.tokens_per_second)},
          {"failing", or_null(pace.failing)},
          {"obstacle", model.upstream->obstacle()}};
}

// On the I/O thread. Of this box's models those that chat, for which others may stand in.
std::string describe_all(const std::vector<Model>& models, const spend::PriceBook& prices) {
  json::array all;
  for (const Model& model : models)
    if (model.task == gateway::Task::chat || model.upstream->facts().kind != UpstreamKind::engine)
      all.push_back(describe(model, prices));
  return json::serialize(json::object{{"data", all}});
}

// What the I/O thread makes for this one.
struct Described {
  explicit Described(net::Executor executor) : made(std::move(executor)) {}
  std::string body;
  net::Event made;
};

}  // namespace

net::awaitable<void> show_upstreams(net::Exchange& exchange, gateway::Models models, const spend::PriceBook& prices,
                                    net::Executor io) {
  const net::Executor here = co_await net::asio::this_coro::executor;
  const auto described = std::make_shared<Described>(here);
  net::asio::post(io, [described, models = std::move(models), &prices, here] {
    described->body = describe_all(*models, prices);
    net::asio::post(here, [described] { described->made.set(); });
  });
  const auto made = co_await described->made.wait(Deadline::in(kPatience));
  const dialects::ApiError busy = dialects::api_error(
      dialects::ApiCode::service_unavailable, "hearthd is too busy to say; try again in a moment, and see its log");
  const int status = made ? 200 : busy.status;
  const std::string body = made ? std::move(described->body) : dialects::encode(busy);
  [[maybe_unused]] const auto sent = co_await exchange.respond(status, {{"Content-Type", "application/json"}}, body);
}

}  // namespace hearth::daemon
