#include "src/json_writer.h"

#include <hearth/dialects/models.h>

namespace hearth::dialects {

namespace {

void write_model(json::Writer& w, const ModelObject& model) {
  w.begin_object();
  w.key("id").string(model.id);
  w.key("object").string("model");
  w.key("created").number(model.created);
  w.key("owned_by").string(model.owned_by);
  w.key("task").string(model.task);
  w.key("aliases").begin_array();
  for (const std::string& alias : model.aliases) w.string(alias);
  w.end_array();
  w.key("ready").boolean(model.ready);
  w.key("alias_of");
  model.alias_of.empty() ? w.null() : w.string(model.alias_of);
  w.end_object();
}

}  // namespace

std::string encode_model(const ModelObject& model) {
  json::Writer w;
  write_model(w, model);
  return w.take();
}

std::string encode_model_list(std::span<const ModelObject> models) {
  json::Writer w;
  w.begin_object().key("object").string("list").key("data").begin_array();
  for (const ModelObject& model : models) write_model(w, model);
  w.end_array().end_object();
  return w.take();
}

}  // namespace hearth::dialects
