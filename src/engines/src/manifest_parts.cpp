#include "manifest_parts.h"

#include <hearth/core/file.h>

#include <algorithm>
#include <array>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxCanaryBody = 4 * 1024 * 1024;

struct TaskName {
  Task task;
  std::string_view name;
};
constexpr std::array kTasks{TaskName{Task::embedding, "embedding"},
                            TaskName{Task::speech, "speech"},
                            TaskName{Task::transcription, "transcription"},
                            TaskName{Task::translation, "translation"},
                            TaskName{Task::ocr, "ocr"},
                            TaskName{Task::detection, "detection"},
                            TaskName{Task::chat, "chat"},
                            TaskName{Task::rerank, "rerank"},
                            TaskName{Task::media, "media"},
                            TaskName{Task::phonemes, "phonemes"}};

constexpr std::string_view kTaskNames =
    "must be one of embedding, speech, transcription, translation, ocr, detection, chat, rerank, media, phonemes";

std::optional<Task> parse_task(std::string_view name) {
  const auto known = std::ranges::find(kTasks, name, &TaskName::name);
  return known == kTasks.end() ? std::nullopt : std::optional(known->task);
}

std::string guess_content_type(std::string_view body) {
  if (body.empty()) return {};
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
  return json ? "application/json" : "application/octet-stream";
}

}  // namespace

bool is_inside(const fs::path& path) {
  return path.is_relative() && std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

Result<Task> read_task(const Fields& fields) {
  HEARTH_TRY_ASSIGN(const std::string name, fields.required_text("task"));
  const auto task = parse_task(name);
  if (!task) return fail(fields.wrong("task", kTaskNames));
  return *task;
}

Result<std::vector<Task>> read_tasks(const Fields& fields, std::string_view key) {
  HEARTH_TRY_ASSIGN(const auto names, fields.texts(key, kMaxList));
  std::vector<Task> tasks;
  for (const std::string& name : names) {
    const auto task = parse_task(name);
    if (!task) return fail(fields.wrong(key, kTaskNames));
    tasks.push_back(*task);
  }
  return tasks;
}

Result<Canary> read_canary(const Fields& owner, std::string_view origin, std::string_view where,
                           const fs::path& folder) {
  HEARTH_TRY_ASSIGN(const Fields fields, Fields::of(owner.node("canary"), origin, where,
                                                    {"method", "path", "content_type", "body", "body_file", "expect"}));
  Canary canary;
  HEARTH_TRY_ASSIGN(auto method, fields.text("method"));
  HEARTH_TRY_ASSIGN(canary.path, fields.required_text("path"));
  HEARTH_TRY_ASSIGN(auto body, fields.text("body"));
  HEARTH_TRY_ASSIGN(auto body_file, fields.text("body_file"));
  HEARTH_TRY_ASSIGN(auto content_type, fields.text("content_type"));
  HEARTH_TRY_ASSIGN(auto expect, fields.text("expect"));
  const auto token = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  if (canary.path.front() != '/' || !std::ranges::all_of(canary.path, token))
    return fail(fields.wrong("path", "must begin with / and hold no blanks"));
  if (body && body_file) return fail(fields.wrong("body_file", "give either body or body_file"));
  canary.body = std::move(body).value_or("");
  if (body_file) {
    if (!is_inside(*body_file)) return fail(fields.wrong("body_file", "must be a file in the engine's folder"));
    HEARTH_TRY_ASSIGN(canary.body, read_file(folder / *body_file, kMaxCanaryBody));
  }
  canary.method = std::move(method).value_or(canary.body.empty() ? "GET" : "POST");
  if (canary.method != "GET" && canary.method != "POST") return fail(fields.wrong("method", "must be GET or POST"));
  canary.content_type = std::move(content_type).value_or(guess_content_type(canary.body));
  if (!std::ranges::all_of(canary.content_type, [](unsigned char c) { return c >= ' ' && c < 0x7f; }))
    return fail(fields.wrong("content_type", "must be a media type"));
  canary.expect = std::move(expect).value_or("");
  return canary;
}

std::string_view to_string(Task task) noexcept {
  for (const TaskName& known : kTasks) {
    if (known.task == task) return known.name;
  }
  return "unknown";
}

}  // namespace hearth::engines
