#include "src/json_writer.h"

#include <hearth/dialects/ollama.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::dialects {
namespace {

// As its clients show it: "134.52M", "7.6B".
std::string in_words(std::uint64_t parameters) {
  constexpr double kMillion = 1e6;
  constexpr double kBillion = 1e9;
  const auto count = static_cast<double>(parameters);
  if (parameters == 0) return {};
  if (count >= kBillion) return fmt::format("{:.1f}B", count / kBillion);
  return fmt::format("{:.2f}M", count / kMillion);
}

std::string_view modified(const OllamaModel& model) {
  return model.modified_at.empty() ? std::string_view("1970-01-01T00:00:00Z") : model.modified_at;
}

// What is not known is left empty.
void write_details(json::Writer& w, const OllamaModel& model) {
  w.key("details").begin_object();
  w.key("parent_model").plain_string("").key("format").string(model.format).key("family").string(model.family);
  w.key("families").begin_array();
  if (!model.family.empty()) w.string(model.family);
  w.end_array();
  w.key("parameter_size").plain_string(in_words(model.parameters));
  w.key("quantization_level").string(model.quantisation);
  w.end_object();
}

void write_model(json::Writer& w, const OllamaModel& model) {
  w.begin_object().key("name").string(model.name).key("model").string(model.name);
  w.key("modified_at").plain_string(modified(model)).key("size").number(model.bytes);
  w.key("digest").plain_string(model.digest);
  write_details(w, model);
}

}  // namespace

std::string encode_ollama_tags(std::span<const OllamaModel> models) {
  json::Writer w;
  w.begin_object().key("models").begin_array();
  for (const OllamaModel& model : models) {
    write_model(w, model);
    w.end_object();
  }
  w.end_array().end_object();
  return w.take();
}

std::string encode_ollama_running(std::span<const OllamaModel> models) {
  json::Writer w;
  w.begin_object().key("models").begin_array();
  for (const OllamaModel& model : models) {
    if (!model.ready) continue;
    write_model(w, model);
    // When it leaves is decided when somebody needs the room.
    w.key("expires_at").plain_string("9999-12-31T23:59:59Z").key("size_vram").number(0).end_object();
  }
  w.end_array().end_object();
  return w.take();
}

std::string encode_ollama_show(const OllamaModel& model) {
  json::Writer w;
  w.begin_object()
      .key("modelfile")
      .plain_string("")
      .key("parameters")
      .plain_string("")
      .key("template")
      .plain_string("");
  write_details(w, model);
  w.key("model_info").begin_object();
  if (!model.family.empty()) w.key("general.architecture").string(model.family);
  if (model.parameters > 0) w.key("general.parameter_count").number(model.parameters);
  w.end_object();
  w.key("capabilities").begin_array();
  if (model.embeds) {
    w.plain_string("embedding");
  } else {
    w.plain_string("completion").plain_string("tools");
  }
  w.end_array().key("modified_at").plain_string(modified(model)).end_object();
  return w.take();
}

std::string encode_ollama_version() {
  return R"({"version":"0.12.6"})";
}

std::string encode_ollama(const ApiError& error) {
  json::Writer w;
  w.begin_object().key("error").string(error.message).end_object();
  return w.take();
}

}  // namespace hearth::dialects
