#include "ort.h"

#include <hearth/core/log.h>

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

namespace hearth::onnx {
namespace {

constexpr std::array<const char*, 3> kNames{"libonnxruntime.so.1", "libonnxruntime.so", "libonnxruntime.so.1.23"};
constexpr std::size_t kLongestMessage = 600;

void log_line(void* /*self*/, OrtLoggingLevel level, const char* /*category*/, const char* /*id*/, const char* where,
              const char* message) {
  const std::string_view text = message;
  const log::Level as = level >= ORT_LOGGING_LEVEL_ERROR ? log::Level::error : log::Level::warn;
  log::write(as, "onnxruntime", "it says", {{"what", text.substr(0, kLongestMessage)}, {"where", where}});
}

void* open_library() {
  for (const char* name : kNames)
    if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL); library != nullptr) return library;
  return nullptr;
}

Errc kind_of(OrtErrorCode code, std::string_view message) {
  // Memory that the engine's limit refuses arrives as an exception's text.
  if (message.contains("bad_alloc") || message.contains("Failed to allocate memory")) return Errc::resource_exhausted;
  switch (code) {
    case ORT_INVALID_ARGUMENT:
      return Errc::invalid_argument;
    case ORT_NO_SUCHFILE:
      return Errc::not_found;
    case ORT_INVALID_PROTOBUF:
    case ORT_INVALID_GRAPH:
    case ORT_NO_MODEL:
      return Errc::corrupt;
    case ORT_NOT_IMPLEMENTED:
      return Errc::unsupported;
    default:
      return Errc::internal;
  }
}

}  // namespace

Result<std::shared_ptr<const Ort>> Ort::load() {
  void* library = open_library();  // never closed: its threads and globals live as long as the process
  if (library == nullptr)
    return fail(
        Errc::failed_precondition,
        fmt::format("ONNX Runtime is not here ({}); install it: hearth engines install onnxruntime", ::dlerror()));
  using GetBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetBase>(::dlsym(library, "OrtGetApiBase"));
  const OrtApiBase* base = get_base == nullptr ? nullptr : get_base();
  const OrtApi* api = base == nullptr ? nullptr : base->GetApi(kOrtApi);
  if (api == nullptr)
    return fail(Errc::failed_precondition,
                fmt::format("this ONNX Runtime is {}, which is older than 1.{}; install it again: hearth engines "
                            "install onnxruntime",
                            base == nullptr ? "no such library" : base->GetVersionString(), kOrtApi));
  std::shared_ptr<Ort> made(new Ort);
  made->api_ = api;
  made->version_ = base->GetVersionString();
  HEARTH_TRY(
      made->check(api->CreateEnvWithCustomLogger(log_line, nullptr, ORT_LOGGING_LEVEL_WARNING, "hearth", &made->env_),
                  "start ONNX Runtime"));
  return made;
}

Ort::~Ort() {
  if (env_ != nullptr) api_->ReleaseEnv(env_);
}

Result<void> Ort::check(OrtStatus* status, std::string_view what) const {
  if (status == nullptr) return {};
  const std::string_view message = std::string_view(api_->GetErrorMessage(status)).substr(0, kLongestMessage);
  Error error(kind_of(api_->GetErrorCode(status), message), fmt::format("cannot {}: {}", what, message));
  api_->ReleaseStatus(status);
  return fail(std::move(error));
}

}  // namespace hearth::onnx
