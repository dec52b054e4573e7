// hearth-embed: texts to vectors, by a static table. docs/quality.md says how good it is.
#include "service.h"

#include <hearth/core/log.h>
#include <hearth/kit/engine.h>

#include <filesystem>

namespace {

using namespace hearth;

constexpr const char* kName = "embed";

void serve(const embed::Tables& tables, kit::Request& request, kit::Response& response) {
  auto body = request.read_all(embed::kMaxBody);
  if (!body) return response.error(body.error());
  // A connection has a thread of its own, so the scratch memory is used again from one request to the next.
  thread_local embed::Service service(tables);
  const embed::Sink sink{.whole = [&](std::string_view answer) -> Result<void> {
                           response.bytes(200, "application/json", answer);
                           return {};
                         },
                         .piece = [&](std::string_view part) -> Result<void> {
                           if (!response.started()) response.start(200, "application/json");
                           return response.write(part);
                         }};
  const auto done = service.answer(*body, sink);
  if (!done) response.error(done.error().status, done.error().code, done.error().message, done.error().param);
}

int fail_start(const Error& e) {
  log::error(kName, "cannot start", {{"error", e.describe()}});
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  kit::Engine engine(kName, argc, argv);
  const std::filesystem::path data = engine.options().data;
  const auto words = embed::Table::open(data / "table.bin");
  if (!words) return fail_start(words.error());
  const auto ids = embed::Cl100k::open(data / "cl100k.bin");
  if (!ids) return fail_start(ids.error());
  const embed::Tables tables{.words = words->view(), .ids = ids->view()};
  engine.model(std::string(tables.words.model()), "embedding");
  engine.route("POST", "/v1/embeddings",
               [&](kit::Request& request, kit::Response& response) { serve(tables, request, response); });
  return engine.run();
}
