#include "link_watch.h"

#include "chance.h"

#include <hearth/core/log.h>
#include <hearth/egress/link_facts.h>

#include <algorithm>
#include <memory>

namespace hearth::daemon {
namespace {

constexpr Millis kLook{1'000};  // at the kernel's files
constexpr Seconds kLongestProbe{5};
constexpr std::size_t kMostPage = 64 * 1024;

}  // namespace

net::awaitable<egress::Evidence> probe_page(egress::Http* http, std::string url, std::string expected) {
  if (http == nullptr) co_return egress::Evidence::failed;  // the daemon stops
  auto page = std::make_shared<std::string>();
  egress::HttpRequest request;
  request.url = std::move(url);
  request.plain = egress::PlainHttp::anywhere;  // a portal answers what is not encrypted
  request.redirects = egress::Redirects::refuse;
  request.longest = kLongestProbe;
  request.on_data = [page](std::string_view data) -> Result<void> {
    page->append(data.substr(0, kMostPage - std::min(kMostPage, page->size())));
    return {};
  };
  const auto begin = [http, &request](auto done) {
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    http->begin(std::move(request), [shared](egress::HttpResult result) { (*shared)(std::move(result)); });
  };
  const auto answered = co_await net::from_callback<egress::HttpResult>(begin);
  if (!answered || answered->status == 0) co_return egress::Evidence::failed;
  co_return egress::judge_probe(answered->status, *page, expected);
}

net::awaitable<egress::Evidence> probe_hosts(egress::Connect connect, std::vector<HostAndPort> hosts) {
  for (const HostAndPort& to : hosts) {
    const auto begin = [&](auto done) {
      auto shared = std::make_shared<decltype(done)>(std::move(done));
      connect(to.host, to.port, Deadline::in(kLongestProbe),
              [shared](Result<egress::Connection> opened) { (*shared)(std::move(opened)); });
    };
    const auto opened = co_await net::from_callback<egress::Connection>(begin);
    if (opened) co_return egress::Evidence::reached;
  }
  co_return egress::Evidence::failed;
}

LinkWatch::LinkWatch(net::Executor executor, With with)
    : with_(std::move(with)), monitor_(with_.policy, steady_now()), wake_(executor), tasks_(executor) {}

void LinkWatch::start() {
  tasks_.spawn("link.watch", run());
}

net::awaitable<void> LinkWatch::stop() {
  co_await tasks_.stop();
}

void LinkWatch::call_answered() {
  monitor_.call_answered(steady_now(), chance());
  note();
}

void LinkWatch::call_failed() {
  monitor_.call_failed(steady_now());
  wake_.set();
}

void LinkWatch::note() {
  const egress::LinkState now = monitor_.state();
  const egress::LinkState before = state_.exchange(now);
  if (now == before) return;
  log::info("link", "the line to the world outside changed", {{"from", to_string(before)}, {"to", to_string(now)}});
  if (with_.changed) with_.changed(now);
}

net::awaitable<void> LinkWatch::run() {
  for (;;) {
    wake_.reset();
    auto look = []() -> Result<bool> { return egress::has_way_out("/"); };
    const auto route = co_await with_.pool->run(std::move(look));
    if (route) monitor_.see_route(*route, steady_now());
    note();
    if (!probing_ && with_.probe && monitor_.next_probe() <= steady_now()) {
      probing_ = true;
      tasks_.spawn("link.probe", probe());
    }
    const SteadyTime next = probing_ ? SteadyTime::max() : monitor_.next_probe();
    const auto woken = co_await wake_.wait(Deadline::in(kLook).sooner_of(Deadline::at(next)));
    if (!woken && woken.error().is(Errc::cancelled)) co_return;
  }
}

net::awaitable<void> LinkWatch::probe() {
  const egress::Evidence evidence = co_await with_.probe();
  probing_ = false;
  monitor_.probed(evidence, steady_now(), chance());
  note();
  wake_.set();
}

}  // namespace hearth::daemon
