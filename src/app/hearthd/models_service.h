// The models of this box, as the admin API sees them: what is installed, what could be, and pulling.
#pragma once

#include <hearth/config/config.h>
#include <hearth/models/catalogue.h>
#include <hearth/models/model_store.h>
#include <hearth/models/pull.h>
#include <hearth/net/runtime.h>
#include <hearth/net/server.h>

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>

namespace hearth::daemon {

class ModelsService {
 public:
  // Opens <data>/models and reads the catalogue. Downloads take their connections from `connect`. Blocking. io_error.
  static Result<std::unique_ptr<ModelsService>> open(const config::Config& config, egress::Connect connect);
  // Cancels pulls and checks, and waits for them.
  ~ModelsService();
  ModelsService(const ModelsService&) = delete;
  ModelsService& operator=(const ModelsService&) = delete;

  // Called after a model was installed, replaced or removed, on a thread of the service's; must not block. Set it once,
  // before the admin API listens.
  void on_changed(std::function<void()> changed);
  // What is still missing to run a model, for who pulled it; called on a pull's thread. Set it once, before the admin
  // API listens.
  void give_hints(std::function<std::string(const models::ModelManifest&)> hint);
  [[nodiscard]] models::ModelStore& store() const noexcept { return *store_; }
  [[nodiscard]] models::Puller& puller() const noexcept { return *puller_; }
  [[nodiscard]] const models::Catalogue& catalogue() const noexcept { return catalogue_; }

  // A model was installed, replaced or removed by other means: calls what on_changed() was given. Any thread.
  void changed();

  // Ends pulls and checks soon, so that requests which wait for them end: before the admin API stops.
  void stop();

  // Answers `/admin/models/…`; false: it is for somebody else. On the admin thread; what blocks runs on the service's
  // own pool.
  net::awaitable<bool> answer(net::Exchange& exchange);

 private:
  ModelsService() = default;
  net::awaitable<void> installed(net::Exchange& exchange);
  net::awaitable<void> available(net::Exchange& exchange);
  net::awaitable<void> show(net::Exchange& exchange, std::string name);
  net::awaitable<void> remove(net::Exchange& exchange, std::string name);
  net::awaitable<void> verify(net::Exchange& exchange);
  net::awaitable<void> collect(net::Exchange& exchange);
  net::awaitable<void> pull(net::Exchange& exchange);
  net::awaitable<void> follow(net::Exchange& exchange, std::shared_ptr<models::PullJob> job);

  models::Disk disk_;
  models::Catalogue catalogue_;
  std::unique_ptr<models::ModelStore> store_;
  std::mutex mutex_;
  std::function<void()> on_changed_;                               // guarded by mutex_
  std::function<std::string(const models::ModelManifest&)> hint_;  // guarded by mutex_
  std::unique_ptr<models::Puller> puller_;                         // its threads call changed()
  std::stop_source stop_;
  net::BlockingPool pool_{1, 64};
};

}  // namespace hearth::daemon
