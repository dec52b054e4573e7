// GET /v1/models: what this box has, under each name it answers to.
#include "call.h"

#include <hearth/dialects/models.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::gateway {

namespace {

dialects::ModelObject describe(const Model& model, std::string id, std::string alias_of) {
  dialects::ModelObject object;
  object.id = std::move(id);
  object.created = 1767225600;  // 2026-01-01: when these models came with the box
  object.task = to_string(model.task);
  object.ready = model.upstream->ready();
  object.alias_of = std::move(alias_of);
  if (object.alias_of.empty()) object.aliases = model.aliases;
  return object;
}

}  // namespace

net::awaitable<void> handle_models(Call& call) {
  call.decision.operation = "models";
  // One that serves two tasks is listed once, with its first; so is a name that two tasks have built in.
  std::vector<dialects::ModelObject> all;
  const auto add = [&](dialects::ModelObject object) {
    if (std::ranges::find(all, object.id, &dialects::ModelObject::id) == all.end()) all.push_back(std::move(object));
  };
  const Models models = call.services.catalogue.models();
  for (const Model& model : *models) {
    add(describe(model, model.id, ""));
    for (const std::string& alias : model.aliases) add(describe(model, alias, model.id));
  }
  constexpr std::string_view kList = "/v1/models";
  const std::string path = call.exchange.request().path();
  if (path == kList) co_return co_await reply_json(call, dialects::encode_model_list(all));
  const std::string id = path.substr(kList.size() + 1);
  const auto found = std::ranges::find(all, id, &dialects::ModelObject::id);
  if (found == all.end())
    co_return co_await reply_error(
        call, dialects::api_error(
                  dialects::ApiCode::model_not_found,
                  fmt::format("no model '{}' is on this box; GET /v1/models lists them", id.substr(0, 100)), "model"));
  co_await reply_json(call, dialects::encode_model(*found));
}

}  // namespace hearth::gateway
