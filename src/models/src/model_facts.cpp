#include <hearth/models/model_facts.h>

#include <array>
#include <utility>

namespace hearth::models {
namespace {

template <typename T, std::size_t N>
using Names = std::array<std::pair<T, std::string_view>, N>;

constexpr Names<Format, 3> kFormats{{{Format::gguf, "gguf"}, {Format::onnx, "onnx"}, {Format::whisper, "whisper"}}};

constexpr Names<Task, 14> kTasks{{
    {Task::unknown, "unknown"},
    {Task::chat, "chat"},
    {Task::embedding, "embedding"},
    {Task::rerank, "rerank"},
    {Task::transcription, "transcription"},
    {Task::speech, "speech"},
    {Task::vad, "vad"},
    {Task::detection, "detection"},
    {Task::face, "face"},
    {Task::ocr_detection, "ocr_detection"},
    {Task::ocr_direction, "ocr_direction"},
    {Task::ocr_recognition, "ocr_recognition"},
    {Task::projector, "projector"},
    {Task::adapter, "adapter"},
}};

constexpr Names<Pooling, 6> kPoolings{{
    {Pooling::unspecified, "unspecified"},
    {Pooling::none, "none"},
    {Pooling::mean, "mean"},
    {Pooling::cls, "cls"},
    {Pooling::last, "last"},
    {Pooling::rank, "rank"},
}};

template <typename T, std::size_t N>
std::string_view name_of(const Names<T, N>& names, T value) noexcept {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "unknown";
}

template <typename T, std::size_t N>
std::optional<T> by_name(const Names<T, N>& names, std::string_view text) noexcept {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Format format) noexcept {
  return name_of(kFormats, format);
}
std::optional<Format> parse_format(std::string_view text) noexcept {
  return by_name(kFormats, text);
}
std::string_view to_string(Task task) noexcept {
  return name_of(kTasks, task);
}
std::optional<Task> parse_task(std::string_view text) noexcept {
  return by_name(kTasks, text);
}
std::string_view to_string(Pooling pooling) noexcept {
  return name_of(kPoolings, pooling);
}

}  // namespace hearth::models
