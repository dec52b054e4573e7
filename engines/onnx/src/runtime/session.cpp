#include "session.h"

#include "ort.h"
#include "quiet.h"

#include <hearth/core/log.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace hearth::onnx {
namespace {

constexpr std::size_t kMostPorts = 256;
constexpr std::size_t kMostDimensions = 16;

// Owns one of the library's objects.
template <typename T>
class Handle {
 public:
  using Release = void (*)(T*);
  explicit Handle(Release release) : release_(release) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : release_(other.release_), at_(std::exchange(other.at_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this == &other) return *this;
    reset();
    release_ = other.release_;
    at_ = std::exchange(other.at_, nullptr);
    return *this;
  }
  [[nodiscard]] T* get() const { return at_; }
  [[nodiscard]] T** out() { return &at_; }

 private:
  void reset() {
    if (at_ != nullptr) release_(at_);
  }
  Release release_;
  T* at_ = nullptr;
};

Result<Element> element_of(ONNXTensorElementDataType type, std::string_view name) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return Element::float32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return Element::int64;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return Element::int32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return Element::uint8;
    default:
      return fail(Errc::unsupported,
                  fmt::format("'{}' has elements of ONNX's type {}; this engine takes float32, int64, int32 and uint8. "
                              "Export the model with float32 inputs and outputs",
                              name, static_cast<int>(type)));
  }
}

ONNXTensorElementDataType type_of(Element element) {
  switch (element) {
    case Element::float32:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    case Element::int64:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    case Element::int32:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
    case Element::uint8:
      break;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
}

class Session : public Model {
 public:
  explicit Session(std::shared_ptr<const Ort> ort)
      : ort_(std::move(ort)),
        session_(ort_->api().ReleaseSession),
        memory_(ort_->api().ReleaseMemoryInfo),
        metadata_(ort_->api().ReleaseModelMetadata) {}

  Result<void> open(const std::filesystem::path& file, const SessionOptions& options);

  [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }
  [[nodiscard]] std::optional<std::string> metadata(std::string_view key) const override;
  [[nodiscard]] Result<std::vector<Tensor>> run(const std::vector<Tensor>& inputs) const override;

 private:
  [[nodiscard]] const OrtApi& api() const { return ort_->api(); }
  Result<void> configure(OrtSessionOptions* into, const SessionOptions& options) const;
  Result<std::vector<Port>> read_ports(bool are_inputs) const;
  Result<Port> read_port(bool is_input, std::size_t index) const;
  [[nodiscard]] Result<Handle<OrtValue>> to_value(const Tensor& tensor, const Port& port) const;
  [[nodiscard]] Result<Tensor> to_tensor(OrtValue* value, std::string_view name) const;
  template <typename T>
  [[nodiscard]] Result<Tensor> copy_out(OrtValue* value, Shape shape, std::size_t count) const;

  std::shared_ptr<const Ort> ort_;
  Handle<OrtSession> session_;
  Handle<OrtMemoryInfo> memory_;
  Handle<OrtModelMetadata> metadata_;
  OrtAllocator* allocator_ = nullptr;  // the library's own
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::vector<const char*> input_names_;
  std::vector<const char*> output_names_;
};

Result<void> Session::configure(OrtSessionOptions* into, const SessionOptions& options) const {
  constexpr std::string_view kWhat = "set ONNX Runtime up";
  HEARTH_TRY(ort_->check(api().SetIntraOpNumThreads(into, std::max(options.threads, 1)), kWhat));
  HEARTH_TRY(ort_->check(api().SetInterOpNumThreads(into, 1), kWhat));
  HEARTH_TRY(ort_->check(api().SetSessionGraphOptimizationLevel(into, ORT_ENABLE_ALL), kWhat));
  // Threads that wait for work by spinning take it from whoever else lives on the box.
  HEARTH_TRY(ort_->check(api().AddSessionConfigEntry(into, "session.intra_op.allow_spinning", "0"), kWhat));
  if (options.arena) return {};
  HEARTH_TRY(ort_->check(api().DisableCpuMemArena(into), kWhat));
  return ort_->check(api().DisableMemPattern(into), kWhat);
}

Result<void> Session::open(const std::filesystem::path& file, const SessionOptions& options) {
  Handle<OrtSessionOptions> settings(api().ReleaseSessionOptions);
  HEARTH_TRY(ort_->check(api().CreateSessionOptions(settings.out()), "set ONNX Runtime up"));
  HEARTH_TRY(configure(settings.get(), options));
  std::string printed;
  auto created = [&] {
    const QuietStderr quiet;
    auto result = ort_->check(api().CreateSession(ort_->env(), file.c_str(), settings.get(), session_.out()),
                              fmt::format("load the model {}", file.string()));
    printed = quiet.remarkable();
    return result;
  }();
  if (!printed.empty()) log::warn("onnxruntime", "it printed while loading", {{"what", printed}});
  if (!created) {
    const Error& e = created.error();
    // Whatever a broken file leads to inside the library, it is the file.
    return fail(Error(e.is(Errc::internal) || e.is(Errc::invalid_argument) ? Errc::corrupt : e.kind(), e.message()));
  }
  HEARTH_TRY(ort_->check(api().GetAllocatorWithDefaultOptions(&allocator_), "find memory"));
  HEARTH_TRY(
      ort_->check(api().CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, memory_.out()), "find memory"));
  HEARTH_TRY(ort_->check(api().SessionGetModelMetadata(session_.get(), metadata_.out()), "read the model's metadata"));
  HEARTH_TRY_ASSIGN(inputs_, read_ports(true));
  HEARTH_TRY_ASSIGN(outputs_, read_ports(false));
  for (const Port& port : inputs_) input_names_.push_back(port.name.c_str());
  for (const Port& port : outputs_) output_names_.push_back(port.name.c_str());
  return {};
}

Result<std::vector<Port>> Session::read_ports(bool are_inputs) const {
  std::size_t count = 0;
  HEARTH_TRY(ort_->check(are_inputs ? api().SessionGetInputCount(session_.get(), &count)
                                    : api().SessionGetOutputCount(session_.get(), &count),
                         "read the model's inputs and outputs"));
  if (count > kMostPorts)
    return fail(Errc::unsupported,
                fmt::format("the model has {} inputs or outputs; {} are the most", count, kMostPorts));
  std::vector<Port> ports;
  for (std::size_t i = 0; i < count; ++i) {
    HEARTH_TRY_ASSIGN(Port port, read_port(are_inputs, i));
    ports.push_back(std::move(port));
  }
  return ports;
}

Result<Port> Session::read_port(bool is_input, std::size_t index) const {
  constexpr std::string_view kWhat = "read the model's inputs and outputs";
  Port port;
  char* name = nullptr;
  HEARTH_TRY(ort_->check(is_input ? api().SessionGetInputName(session_.get(), index, allocator_, &name)
                                  : api().SessionGetOutputName(session_.get(), index, allocator_, &name),
                         kWhat));
  port.name = name;
  HEARTH_TRY(ort_->check(api().AllocatorFree(allocator_, name), kWhat));
  Handle<OrtTypeInfo> info(api().ReleaseTypeInfo);
  HEARTH_TRY(ort_->check(is_input ? api().SessionGetInputTypeInfo(session_.get(), index, info.out())
                                  : api().SessionGetOutputTypeInfo(session_.get(), index, info.out()),
                         kWhat));
  const OrtTensorTypeAndShapeInfo* tensor = nullptr;
  HEARTH_TRY(ort_->check(api().CastTypeInfoToTensorInfo(info.get(), &tensor), kWhat));
  if (tensor == nullptr) return fail(Errc::unsupported, fmt::format("'{}' of the model is no tensor", port.name));
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  HEARTH_TRY(ort_->check(api().GetTensorElementType(tensor, &type), kWhat));
  HEARTH_TRY_ASSIGN(port.element, element_of(type, port.name));
  std::size_t sides = 0;
  HEARTH_TRY(ort_->check(api().GetDimensionsCount(tensor, &sides), kWhat));
  if (sides > kMostDimensions) return fail(Errc::unsupported, fmt::format("'{}' has {} dimensions", port.name, sides));
  port.shape.resize(sides);
  HEARTH_TRY(ort_->check(api().GetDimensions(tensor, port.shape.data(), sides), kWhat));
  for (std::int64_t& side : port.shape) side = std::max<std::int64_t>(side, -1);
  return port;
}

std::optional<std::string> Session::metadata(std::string_view key) const {
  char* value = nullptr;
  const auto found = ort_->check(
      api().ModelMetadataLookupCustomMetadataMap(metadata_.get(), allocator_, std::string(key).c_str(), &value),
      "read the model's metadata");
  if (!found || value == nullptr) return std::nullopt;
  std::string text = value;
  static_cast<void>(ort_->check(api().AllocatorFree(allocator_, value), "free memory"));
  return text;
}

Result<Handle<OrtValue>> Session::to_value(const Tensor& tensor, const Port& port) const {
  HEARTH_TRY_ASSIGN(const std::size_t count, count_of(tensor.shape, kMostValues));
  if (tensor.element() != port.element)
    return fail(Errc::invalid_argument, fmt::format("the model's input '{}' wants another type of numbers", port.name));
  Handle<OrtValue> value(api().ReleaseValue);
  const auto wrap = [&]<typename T>(const std::vector<T>& values) -> Result<void> {
    if (values.size() != count)
      return fail(Errc::invalid_argument, fmt::format("{} values do not make up the shape {} of '{}'", values.size(),
                                                      to_text(tensor.shape), port.name));
    // The library takes a pointer to non-const and only reads through it.
    return ort_->check(api().CreateTensorWithDataAsOrtValue(memory_.get(), const_cast<T*>(values.data()),
                                                            values.size() * sizeof(T), tensor.shape.data(),
                                                            tensor.shape.size(), type_of(port.element), value.out()),
                       "hand over an input");
  };
  HEARTH_TRY(std::visit(wrap, tensor.values));
  return value;
}

template <typename T>
Result<Tensor> Session::copy_out(OrtValue* value, Shape shape, std::size_t count) const {
  void* data = nullptr;
  HEARTH_TRY(ort_->check(api().GetTensorMutableData(value, &data), "read an output"));
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), data, count * sizeof(T));
  return Tensor{.shape = std::move(shape), .values = std::move(values)};
}

Result<Tensor> Session::to_tensor(OrtValue* value, std::string_view name) const {
  constexpr std::string_view kWhat = "read an output";
  Handle<OrtTensorTypeAndShapeInfo> info(api().ReleaseTensorTypeAndShapeInfo);
  HEARTH_TRY(ort_->check(api().GetTensorTypeAndShape(value, info.out()), kWhat));
  std::size_t sides = 0;
  HEARTH_TRY(ort_->check(api().GetDimensionsCount(info.get(), &sides), kWhat));
  if (sides > kMostDimensions) return fail(Errc::corrupt, fmt::format("'{}' came with {} dimensions", name, sides));
  Shape shape(sides);
  HEARTH_TRY(ort_->check(api().GetDimensions(info.get(), shape.data(), sides), kWhat));
  HEARTH_TRY_ASSIGN(const std::size_t count, count_of(shape, kMostValues));
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  HEARTH_TRY(ort_->check(api().GetTensorElementType(info.get(), &type), kWhat));
  HEARTH_TRY_ASSIGN(const Element element, element_of(type, name));
  switch (element) {
    case Element::float32:
      return copy_out<float>(value, std::move(shape), count);
    case Element::int64:
      return copy_out<std::int64_t>(value, std::move(shape), count);
    case Element::int32:
      return copy_out<std::int32_t>(value, std::move(shape), count);
    case Element::uint8:
      break;
  }
  return copy_out<std::uint8_t>(value, std::move(shape), count);
}

Result<std::vector<Tensor>> Session::run(const std::vector<Tensor>& inputs) const {
  if (inputs.size() != inputs_.size())
    return fail(Errc::internal, fmt::format("{} inputs for a model of {}", inputs.size(), inputs_.size()));
  std::vector<Handle<OrtValue>> owned;
  std::vector<const OrtValue*> given;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    HEARTH_TRY_ASSIGN(Handle<OrtValue> value, to_value(inputs[i], inputs_[i]));
    given.push_back(value.get());
    owned.push_back(std::move(value));
  }
  std::vector<OrtValue*> made(outputs_.size(), nullptr);
  const auto ran = ort_->check(api().Run(session_.get(), nullptr, input_names_.data(), given.data(), given.size(),
                                         output_names_.data(), output_names_.size(), made.data()),
                               "run the model");
  std::vector<Handle<OrtValue>> results;
  for (OrtValue* value : made) {
    results.emplace_back(api().ReleaseValue);
    *results.back().out() = value;
  }
  if (!ran) return std::unexpected(ran.error());
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].get() == nullptr)
      return fail(Errc::corrupt, fmt::format("the model gave no '{}'", outputs_[i].name));
    HEARTH_TRY_ASSIGN(Tensor tensor, to_tensor(results[i].get(), outputs_[i].name));
    outputs.push_back(std::move(tensor));
  }
  return outputs;
}

}  // namespace

Result<std::unique_ptr<Model>> open_session(const std::shared_ptr<const Ort>& ort, const std::filesystem::path& file,
                                            const SessionOptions& options) {
  auto session = std::make_unique<Session>(ort);
  HEARTH_TRY(session->open(file, options));
  return std::unique_ptr<Model>(std::move(session));
}

}  // namespace hearth::onnx
