#include "src/json_writer.h"

#include <hearth/dialects/ollama.h>

#include <algorithm>

namespace hearth::dialects {
namespace {

// Its clients show these; what the box does not keep is left empty.
void write_details(json::Writer& w) {
  w.key("details").begin_object();
  w.key("parent_model").plain_string("").key("format").plain_string("").key("family").plain_string("");
  w.key("families").begin_array().end_array();
  w.key("parameter_size").plain_string("").key("quantization_level").plain_string("");
  w.end_object();
}

void write_model(json::Writer& w, const OllamaModel& model) {
  w.begin_object().key("name").string(model.name).key("model").string(model.name);
  w.key("modified_at").plain_string("1970-01-01T00:00:00Z").key("size").number(0).key("digest").plain_string("");
  write_details(w);
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
  write_details(w);
  w.key("model_info").begin_object().end_object();
  w.key("capabilities").begin_array();
  if (model.embeds) {
    w.plain_string("embedding");
  } else {
    w.plain_string("completion").plain_string("tools");
  }
  w.end_array().key("modified_at").plain_string("1970-01-01T00:00:00Z").end_object();
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
