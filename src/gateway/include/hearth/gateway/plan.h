// Which models a call is offered to, in which order, and why: a pure decision.
//
// A name leads to the models that answer to it; a route (hearth.yaml) leads it elsewhere. Whatever the way, a model is
// left out when the call's data may not go where it computes, and nothing overrides that.
#pragma once

#include <hearth/config/route_step.h>
#include <hearth/gateway/catalogue.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::gateway {

// By the name that clients ask for.
using Routes = std::map<std::string, std::vector<config::RouteStep>, std::less<>>;

// How good models are held to be, by their ids.
using Qualities = std::map<std::string, double, std::less<>>;

// A conversation under way stays with its model: within a loop of tools nothing else will do, for a model that did not
// ask for a tool cannot make sense of what it returned.
enum class Hold { none, prefers, only };

// About what a model would ask for the call.
using config::Price;

struct Asked {
  std::string_view name;  // empty: like "auto"
  Task task = Task::chat;
  config::RouteFacts facts;
  // What the data are of when placeholders stand for what may have one; nullopt: nothing may. Of chats only: nothing
  // else gives the originals back.
  std::optional<DataClass> redacted_class = std::nullopt;
  std::string_view held;  // id of the model that the conversation began with
  Hold hold = Hold::none;
  // Of a request in the shape of the Responses API: what in it only those can take who have that API; empty: nothing.
  std::string untranslatable = {};
  bool goes_on = false;          // from something that whoever made it keeps, and
  std::string_view keeper = {};  // the upstream that does: nobody else can be asked; empty: nobody knows which
  // nullopt: nobody knows. Not set: of no model.
  std::function<std::optional<Price>(const Model&)> price = {};
  // Seconds that its streamed answers take to begin. The same.
  std::function<std::optional<double>(const Model&)> first_byte = {};
  const Qualities* quality = nullptr;
};

struct Candidate {
  std::shared_ptr<const Model> model;
  std::string reason;   // why it stands where it stands
  bool redact = false;  // it may see the data with placeholders only
};

struct PassedOver {
  enum class Why { condition, data_class, dialect, obstacle, conversation };
  std::string model;
  Why why = Why::condition;
  std::string reason;
};

struct Plan {
  bool known = false;  // the name leads to something at all
  std::vector<Candidate> candidates;
  std::vector<PassedOver> passed;
};

// Upstreams are asked for what stands in their way; but for that, the same input gives the same plan.
Plan make_plan(const Models& models, const Routes& routes, const Asked& asked);

// Why there is nobody to ask, for people: what is in the way of each.
std::string explain_nobody(const Plan& plan);
// Was it for the data's class alone? Nobody is in question who could not have answered whatever the class.
bool only_class_forbids(const Plan& plan) noexcept;
// Is there nobody to ask whenever it is asked, and whatever its data are?
bool nobody_ever(const Plan& plan) noexcept;

}  // namespace hearth::gateway
