// Budgets on a database of their own.
#pragma once

#include <hearth/config/budget.h>
#include <hearth/core/money.h>
#include <hearth/spend/budgets.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <initializer_list>
#include <memory>
#include <string>

namespace hearth::spend {

inline const WallTime kNoon{std::chrono::days(20784) + std::chrono::hours(12)};  // 2026-11-27, UTC

class TempDir {
 public:
  TempDir() {
    std::string name = testing::TempDir() + "hearth_spend.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TempDir() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] std::filesystem::path database() const { return path_ / "hearth.db"; }

 private:
  std::filesystem::path path_;
};

// A prompt's token costs 1000 nano at acme/model; other models of acme have no price.
inline Budgets::Settings settings(std::initializer_list<std::string_view> limits) {
  Budgets::Settings s;
  for (const auto text : limits) s.budgets.push_back(config::parse_budget(text).value());
  s.prices.set("acme", "model", {"USD", {}, {PricePeriod{.from = {}, .rates = {.input = kNano, .output = 2 * kNano}}}});
  return s;
}

struct Box {
  std::unique_ptr<store::StoreThread> store;
  std::unique_ptr<Budgets> budgets;

  Box(const std::filesystem::path& database, std::initializer_list<std::string_view> limits, WallTime now = kNoon) {
    auto started = store::StoreThread::start(database, store::schema());
    if (!started) std::abort();
    store = *std::move(started);
    auto opened = Budgets::open(*store, settings(limits), now);
    if (!opened) std::abort();
    budgets = *std::move(opened);
  }
  Budgets* operator->() const { return budgets.get(); }
  // Waits for the disk.
  [[nodiscard]] Result<Reservation> reserve(Call call) const {
    std::promise<Result<Reservation>> told;
    budgets->reserve(std::move(call), [&](Result<Reservation> r) { told.set_value(std::move(r)); });
    return told.get_future().get();
  }
  [[nodiscard]] std::vector<SpendRow> spending(By by, Day since = 0) const {
    std::promise<Result<std::vector<SpendRow>>> told;
    budgets->spending(since, by, [&](auto rows) { told.set_value(std::move(rows)); });
    return told.get_future().get().value();
  }
  [[nodiscard]] std::vector<Unsettled> unsettled() const {
    std::promise<Result<std::vector<Unsettled>>> told;
    budgets->unsettled([&](auto rows) { told.set_value(std::move(rows)); });
    return told.get_future().get().value();
  }
  // Of the only line of the first budget.
  [[nodiscard]] std::int64_t spent() const { return budgets->lines(kNoon).at(0).line.spent; }
  [[nodiscard]] std::int64_t held() const { return budgets->lines(kNoon).at(0).line.held; }
};

inline Call call_of(std::uint64_t tokens, Durability durability = Durability::durable, std::string key = "laptop") {
  Call call;
  call.who = {"key_" + key, key, ""};
  call.upstream = "cloud";
  call.model = "model";
  call.provider = "acme";
  call.worst.input = tokens;
  call.at = kNoon;
  call.durability = durability;
  return call;
}

}  // namespace hearth::spend
