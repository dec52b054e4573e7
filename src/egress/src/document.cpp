#include <hearth/egress/document.h>

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <random>

namespace hearth::egress {
namespace {

constexpr std::size_t kMost = std::size_t{8} << 20U;

}  // namespace

bool pause(Millis wait, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, steady_now() + wait, [] { return false; });
  return !stop.stop_requested();
}

std::string escape(std::string_view text, Slash slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~' || (slash == Slash::kept && c == '/');
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

HttpRequest request_for(const Asking& asking, std::string url, std::string bearer) {
  HttpRequest request;
  request.url = std::move(url);
  request.bearer = std::move(bearer);
  request.plain = asking.plain;
  return request;
}

Result<Http::Answer> fetch_document(const Asking& asking, HttpRequest request, int accepted_status) {
  for (;;) {
    Http::Answer answer = asking.http.get(request, kMost, asking.stop);
    if (!answer.result.error) return answer;
    if (accepted_status != 0 && answer.result.status == accepted_status) return answer;
    const Error& error = *answer.result.error;
    if (!error.is(Errc::unavailable) && answer.result.status != 429) return fail(error);
    static thread_local std::minstd_rand chance{std::random_device{}()};
    const auto wait = asking.budget.failed(answer.result.retry_after, std::uniform_real_distribution<>(0, 1)(chance));
    if (!wait) return fail(error);
    if (asking.retrying) asking.retrying(error.describe(), *wait);
    if (!pause(*wait, asking.stop)) return fail(Errc::cancelled, "it was stopped");
  }
}

}  // namespace hearth::egress
