// Asking a queue and waiting for its answer, in tests.
#pragma once

#include <hearth/deferred/queue.h>

#include <future>
#include <memory>
#include <utility>

namespace hearth::deferred {

// `ask(done)` begins; the result is what `done` got.
template <typename T, typename Ask>
Result<T> wait_for(Ask ask) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  ask(Queue::Done<T>([promise](Result<T> result) { promise->set_value(std::move(result)); }));
  return future.get();
}

inline Result<Job> add(Queue& queue, NewCall call, WallTime now) {
  return wait_for<Job>([&](auto done) { queue.add(std::move(call), now, std::move(done)); });
}
inline Result<Queue::Claimed> claim(Queue& queue, const std::string& id) {
  return wait_for<Queue::Claimed>([&](auto done) { queue.claim(id, std::move(done)); });
}
inline Result<Job> settle(Queue& queue, const std::string& id, Event event, std::optional<Answer> answer, WallTime now,
                          std::string note = "") {
  return wait_for<Job>(
      [&](auto done) { queue.settle(id, event, std::move(answer), std::move(note), now, std::move(done)); });
}
inline Result<Job> cancel(Queue& queue, const std::string& id, const std::string& owner, WallTime now) {
  return wait_for<Job>([&](auto done) { queue.cancel(id, owner, now, std::move(done)); });
}
inline Result<Answer> answer(Queue& queue, const std::string& id, const std::string& owner) {
  return wait_for<Answer>([&](auto done) { queue.answer(id, owner, std::move(done)); });
}
inline Result<void> settle_delivery(Queue& queue, const std::string& id, DeliveryProgress progress) {
  return wait_for<void>([&](auto done) { queue.delivery_settled(id, progress, std::move(done)); });
}

}  // namespace hearth::deferred
