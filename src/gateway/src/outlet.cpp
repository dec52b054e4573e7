#include "outlet.h"

#include <array>

namespace hearth::gateway {
namespace {

// Fields that belong to an answer whoever gets it; the others are of the call (answer_headers()).
constexpr std::array<std::string_view, 2> kOfTheAnswer{"X-Document-Pages", "X-Audio-Duration"};

answers::Opening opening_of(const net::Headers& headers, bool stream) {
  answers::Opening opening{std::string(headers.get("Content-Type")), {}, stream};
  for (const std::string_view name : kOfTheAnswer)
    if (headers.has(name)) opening.headers.emplace_back(name, headers.get(name));
  return opening;
}

net::awaitable<Result<void>> at_once(Result<void> result) {
  co_return result;
}

}  // namespace

void Outlet::divert(answers::Flight& flight, std::function<void()> begun) {
  flight_ = &flight;
  begun_ = std::move(begun);
}

void Outlet::refuse(dialects::ApiError error) {
  refusal_ = std::move(error);
  end_ = End::refused;
}

net::awaitable<Result<void>> Outlet::respond(int status, net::Headers headers, std::string_view body) {
  if (flight_ == nullptr) return client_.respond(status, std::move(headers), body);
  opening_ = opening_of(headers, false);
  whole_ = body;
  started_ = true;
  end_ = End::whole;
  return at_once({});
}

void Outlet::start(int status, net::Headers headers) {
  if (flight_ == nullptr) return client_.start(status, std::move(headers));
  started_ = true;
  begun_();
  flight_->open(opening_of(headers, true));
}

net::awaitable<Result<void>> Outlet::write(std::string_view chunk) {
  if (flight_ == nullptr) return client_.write(chunk);
  return flight_->append(std::string(chunk));
}

net::awaitable<Result<void>> Outlet::finish() {
  if (flight_ == nullptr) return client_.finish();
  end_ = End::streamed;
  return at_once({});
}

bool Outlet::started() const {
  return flight_ == nullptr ? client_.started() : started_;
}

}  // namespace hearth::gateway
