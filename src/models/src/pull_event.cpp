#include <hearth/core/log.h>
#include <hearth/models/pull.h>

#include <fmt/format.h>

namespace hearth::models {
namespace {

void text(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format(",\"{}\":", name);
  log::append_json_string(out, value);
}

void number(std::string& out, std::string_view name, std::uint64_t value) {
  out += fmt::format(",\"{}\":{}", name, value);
}

void files(std::string& out, const std::vector<ModelFile>& list) {
  out += ",\"files\":[";
  for (const ModelFile& file : list) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":";
    log::append_json_string(out, file.name);
    text(out, "role", file.role);
    number(out, "bytes", file.bytes);
    if (!file.sha256.empty()) text(out, "sha256", file.sha256);
    out += '}';
  }
  out += ']';
}

}  // namespace

std::string_view to_string(PullEvent::Kind kind) noexcept {
  switch (kind) {
    case PullEvent::Kind::resolving:
      return "resolving";
    case PullEvent::Kind::resolved:
      return "resolved";
    case PullEvent::Kind::progress:
      return "progress";
    case PullEvent::Kind::waiting:
      return "waiting";
    case PullEvent::Kind::retrying:
      return "retrying";
    case PullEvent::Kind::verifying:
      return "verifying";
    case PullEvent::Kind::installed:
      return "installed";
    case PullEvent::Kind::failed:
      return "failed";
  }
  return "failed";
}

std::string to_json(const PullEvent& event) {
  std::string out = fmt::format("{{\"event\":\"{}\"", to_string(event.kind));
  text(out, "model", event.model);
  if (!event.file.empty()) text(out, "file", event.file);
  switch (event.kind) {
    case PullEvent::Kind::resolved:
      number(out, "total", event.total);
      files(out, event.files);
      break;
    case PullEvent::Kind::progress:
      number(out, "done", event.done);
      number(out, "total", event.total);
      break;
    case PullEvent::Kind::retrying:
      text(out, "message", event.message);
      out += fmt::format(",\"seconds\":{:.1f}", event.seconds);
      break;
    case PullEvent::Kind::installed:
      out += fmt::format(",\"was_there\":{}", event.was_there);
      if (event.manifest) {
        text(out, "task", event.manifest->task);
        text(out, "format", event.manifest->format);
        number(out, "bytes", event.manifest->bytes());
        text(out, "licence", event.manifest->licence);
        out += fmt::format(",\"commercial\":{}", event.manifest->commercial);
      }
      if (!event.hint.empty()) text(out, "hint", event.hint);
      break;
    case PullEvent::Kind::failed:
      text(out, "message", event.message);
      if (event.error) text(out, "code", hearth::to_string(event.error->kind()));
      break;
    case PullEvent::Kind::resolving:
    case PullEvent::Kind::waiting:
    case PullEvent::Kind::verifying:
      break;
  }
  return out + "}";
}

}  // namespace hearth::models
