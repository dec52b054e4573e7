// Is a file one that libwhisper can load? Its own loader believes what the file says; this one does not.
//
// Reads headers only. Pure but for the file; any thread.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace hearth::whisper {

// The beginning of whisper.cpp's format.
struct ModelLayout {
  std::int32_t vocabulary = 0;  // tokens, with those that mean languages and times
  std::int32_t audio_context = 0;
  std::int32_t audio_state = 0;
  std::int32_t audio_heads = 0;
  std::int32_t audio_layers = 0;
  std::int32_t text_context = 0;
  std::int32_t text_state = 0;
  std::int32_t text_heads = 0;
  std::int32_t text_layers = 0;
  std::int32_t mels = 0;
  std::int32_t file_type = 0;
  std::int32_t tensors = 0;  // 0: a file without weights, as whisper.cpp's own tests have

  [[nodiscard]] bool multilingual() const { return vocabulary >= 51'865; }
  // How many languages there are tokens for.
  [[nodiscard]] std::int32_t languages() const { return multilingual() ? vocabulary - 51'766 : 1; }
};

// A file's bytes, for the checks: fills `into` from `offset` on, and says how many there were.
using ReadAt = std::function<Result<std::size_t>(std::uint64_t offset, std::span<char> into)>;

// invalid_argument with what is wrong; io_error.
Result<ModelLayout> check_model(const ReadAt& read, std::uint64_t size);
// The same for a model of speech (Silero's, as whisper.cpp stores it).
Result<void> check_vad(const ReadAt& read, std::uint64_t size);

// not_found, or the errors above with the file's name.
Result<ModelLayout> check_model_file(const std::filesystem::path& file);
Result<void> check_vad_file(const std::filesystem::path& file);

}  // namespace hearth::whisper
