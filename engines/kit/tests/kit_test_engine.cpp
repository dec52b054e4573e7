// An engine with one handler for each thing that a handler can do right or wrong; engine_test.cpp drives it.
#include <hearth/kit/engine.h>

#include <boost/json.hpp>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

namespace {

namespace json = boost::json;
using hearth::kit::Body;
using hearth::kit::Request;
using hearth::kit::Response;

constexpr std::uint64_t kBodyLimit = 32ULL << 20;

// Sends every piece of the body back at once.
void echo(Request& request, Response& response) {
  response.start(200, "application/octet-stream");
  std::array<char, 8192> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  for (;;) {
    const auto n = request.read(buffer);
    if (!n) return response.abort();
    if (*n == 0) return;
    if (!response.write({buffer.data(), *n})) return;
  }
}

// Where did the body go, and can it be read at any place?
void body(Request& request, Response& response, const hearth::kit::Options& options) {
  auto received = Body::receive(request, options, kBodyLimit);
  if (!received) return response.error(received.error());
  std::uint64_t sum = 0;
  std::array<char, 1000> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): read_at() fills it
  for (std::uint64_t at = 0; at < received->size();) {
    const auto n = received->read_at(at, part);
    if (!n) return response.error(n.error());
    for (std::size_t i = 0; i < *n; ++i) sum += static_cast<unsigned char>(part[i]);
    at += *n;
  }
  const auto view = received->view();
  std::uint64_t view_sum = 0;
  if (view)
    for (const char c : *view) view_sum += static_cast<unsigned char>(c);
  std::array<char, 4> tail{};
  const auto n = received->read_at(received->size() - std::min<std::uint64_t>(2, received->size()), tail);
  const auto past = received->read_at(received->size() + 5, tail);
  response.json(200, {{"size", received->size()},
                      {"sum", sum},
                      {"view_sum", view_sum},
                      {"in_memory", received->in_memory().has_value()},
                      {"tail", n ? json::value(*n) : json::value(nullptr)},
                      {"past", past ? json::value(*past) : json::value(nullptr)}});
}

void parameters(Request& request, Response& response) {
  const auto number = request.number("n", 7, 0, 100);
  if (!number) return response.error(number.error());
  const auto text = request.query("text");
  response.json(200, {{"n", *number},
                      {"text", text ? json::value(*text) : json::value(nullptr)},
                      {"path", request.path()},
                      {"header", request.header("X-Thing")}});
}

}  // namespace

int main(int argc, char** argv) {
  hearth::kit::Engine engine("kit-test", argc, argv);
  std::atomic<int> abandoned{0};
  for (const std::string& argument : engine.options().rest) {
    constexpr std::string_view kGrace = "--grace-ms=";
    if (argument.starts_with(kGrace))
      engine.set_grace(std::chrono::milliseconds(std::stol(argument.substr(kGrace.size()))));
  }
  engine.model("test-model", "media");
  engine.route("GET", "/whole", [](Request&, Response& r) { r.bytes(200, "text/plain", "hello"); });
  engine.route("POST", "/read_all", [](Request& q, Response& r) {
    const auto all = q.read_all(100);
    if (!all) return r.error(all.error());
    r.bytes(200, "text/plain", *all);
  });
  engine.route("GET", "/stream", [](Request&, Response& r) {
    const std::array<Response::Header, 1> headers{{{"X-Extra", "yes"}}};
    r.start(200, "text/plain", headers);
    for (int i = 0; i < 3; ++i)
      if (!r.write(std::to_string(i))) return;
  });
  engine.route("GET", "/empty_stream", [](Request&, Response& r) { r.start(200, "text/plain"); });
  engine.route("GET", "/events", [](Request&, Response& r) {
    r.start(200, "text/event-stream");
    if (!r.event({{"a", 1}})) return;
    if (!r.event({{"b", 2}}, "named")) return;
  });
  engine.route("POST", "/echo", echo);
  engine.route("POST", "/body", [&](Request& q, Response& r) { body(q, r, engine.options()); });
  engine.route("GET", "/parameters", parameters);
  engine.route("POST", "/early", [](Request&, Response& r) { r.error(413, "too_large", "I will not read this"); });
  engine.route("GET", "/throws", [](Request&, Response&) { throw std::runtime_error("on purpose"); });
  engine.route("GET", "/throws_int", [](Request&, Response&) { throw 42; });
  engine.route("GET", "/throws_midway", [](Request&, Response& r) {
    r.start(200, "text/plain");
    if (r.write("half")) throw std::runtime_error("on purpose");
  });
  engine.route("GET", "/aborts", [](Request&, Response& r) {
    r.start(200, "text/plain");
    if (r.write("half")) r.abort();
  });
  engine.route("GET", "/no_answer", [](Request&, Response&) {});
  engine.route("GET", "/two_answers", [](Request&, Response& r) {
    r.bytes(200, "text/plain", "one");
    r.bytes(200, "text/plain", "two");
  });
  engine.route("GET", "/until_abandoned", [&](Request& q, Response& r) {
    r.start(200, "text/plain");
    if (!r.write("working")) return;
    while (!q.abandoned()) std::this_thread::yield();
    ++abandoned;
  });
  engine.route("GET", "/abandoned", [&](Request&, Response& r) { r.json(200, abandoned.load()); });
  return engine.run();
}
