// hearth-onnx: one ONNX model behind the engine protocol. docs/engine-protocol.md.
#include "src/runtime/ort.h"
#include "src/runtime/session.h"
#include "src/settings.h"
#include "src/tasks.h"

#include <hearth/core/log.h>
#include <hearth/kit/engine.h>

namespace {

using namespace hearth;  // NOLINT(google-build-using-namespace): a program of one file

int fail_start(const Error& e) {
  log::error("onnx", "cannot start", {{"error", e.describe()}});
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  kit::Engine engine("onnx", argc, argv, onnx::kSettingsUsage);
  const auto settings = onnx::parse_settings(engine.options().rest);
  if (!settings) return fail_start(settings.error());
  const auto ort = onnx::Ort::load();
  if (!ort) return fail_start(ort.error());
  const onnx::SessionOptions options{.threads = engine.options().threads, .arena = settings->arena};
  const auto open = [&](const std::filesystem::path& file) { return onnx::open_session(*ort, file, options); };
  const auto service = onnx::make_service(*settings, engine.options().threads, open);
  if (!service) return fail_start(service.error());
  log::info("onnx", "loaded",
            {{"model", settings->name}, {"task", onnx::name_of(settings->task)}, {"runtime", (*ort)->version()}});
  engine.model(settings->name, std::string(onnx::name_of(settings->task)));
  (*service)->add_routes(engine);
  return engine.run();
}
