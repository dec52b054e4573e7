// ONNX Runtime's C API, found when the program runs: its library is dlopen'ed, so that the program starts, and can say
// what is missing, where there is none. Only runtime/ includes this.
#pragma once

#include <hearth/core/error.h>

#include <onnxruntime_c_api.h>

#include <memory>
#include <string>

namespace hearth::onnx {

// The oldest API that has all that is used here; a newer library still offers it.
inline constexpr std::uint32_t kOrtApi = 16;

// The library and one environment in it. For the life of the process.
class Ort {
 public:
  // failed_precondition when the library is not there or too old.
  static Result<std::shared_ptr<const Ort>> load();
  ~Ort();
  Ort(const Ort&) = delete;
  Ort& operator=(const Ort&) = delete;

  [[nodiscard]] const OrtApi& api() const { return *api_; }
  [[nodiscard]] OrtEnv* env() const { return env_; }
  [[nodiscard]] const std::string& version() const { return version_; }
  // Takes a status over: no error if it is null. The kinds are those of Model::run; `what` was attempted.
  [[nodiscard]] Result<void> check(OrtStatus* status, std::string_view what) const;

 private:
  Ort() = default;
  const OrtApi* api_ = nullptr;
  OrtEnv* env_ = nullptr;
  std::string version_;
};

}  // namespace hearth::onnx
