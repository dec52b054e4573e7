// One model and what it answers: which routes the engine gets for its task.
#pragma once

#include "common/model.h"
#include "common/serving.h"
#include "settings.h"

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <filesystem>
#include <functional>
#include <memory>

namespace hearth::onnx {

// Opens a model file: the runtime's open_session, or a test's.
using OpenModel = std::function<Result<std::unique_ptr<Model>>(const std::filesystem::path&)>;

// Lives as long as the engine serves.
class Service {
 public:
  virtual ~Service() = default;
  virtual void add_routes(kit::Engine& engine) = 0;
};

// Loads what the task needs. `slots`: how many requests work at once. As open, and what the task's create() refuses.
Result<std::unique_ptr<Service>> make_service(const Settings& settings, int slots, const OpenModel& open);

}  // namespace hearth::onnx
