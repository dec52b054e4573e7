// What a task is called in each room.
#pragma once

#include <hearth/engines/manifest.h>
#include <hearth/gateway/catalogue.h>

#include <optional>
#include <string_view>

namespace hearth::daemon {

// What clients can ask for; nullopt for what engines only do for each other.
inline std::optional<gateway::Task> gateway_task(engines::Task task) {
  switch (task) {
    case engines::Task::embedding:
      return gateway::Task::embedding;
    case engines::Task::speech:
      return gateway::Task::speech;
    case engines::Task::transcription:
      return gateway::Task::transcription;
    case engines::Task::translation:
      return gateway::Task::translation;
    case engines::Task::ocr:
      return gateway::Task::ocr;
    case engines::Task::detection:
      return gateway::Task::detection;
    case engines::Task::chat:
      return gateway::Task::chat;
    case engines::Task::rerank:
      return gateway::Task::rerank;
    case engines::Task::media:
    case engines::Task::phonemes:
      return std::nullopt;
  }
  return std::nullopt;
}

// The task of a model as its model.yaml calls it; nullopt when no engine serves it.
inline std::optional<engines::Task> engine_task(std::string_view task) {
  if (task == "chat" || task == "vision-chat") return engines::Task::chat;
  if (task == "embedding") return engines::Task::embedding;
  if (task == "rerank") return engines::Task::rerank;
  if (task == "transcription") return engines::Task::transcription;
  if (task == "speech") return engines::Task::speech;
  if (task == "ocr") return engines::Task::ocr;
  if (task == "detection" || task == "face") return engines::Task::detection;
  return std::nullopt;
}

}  // namespace hearth::daemon
