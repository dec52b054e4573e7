#include <hearth/core/money.h>
#include <hearth/gateway/plan.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace hearth::gateway {
namespace {

using Why = PassedOver::Why;

constexpr std::string_view kLocal = "local";
constexpr std::string_view kAny = "any";
constexpr std::string_view kAuto = "auto";

std::string_view where(UpstreamKind kind) {
  switch (kind) {
    case UpstreamKind::engine:
      return "on this box";
    case UpstreamKind::lan:
      return "on the local network";
    case UpstreamKind::provider:
      return "at a provider";
  }
  return "";
}

bool is_local(const Model& model) {
  return model.upstream->facts().kind == UpstreamKind::engine;
}

bool answers_to(const Model& model, std::string_view name) {
  return model.id == name || std::ranges::find(model.aliases, name) != model.aliases.end();
}

class Planner {
 public:
  Planner(const Models& models, const Asked& asked) : models_(models), asked_(asked) {}

  void follow(const std::vector<config::RouteStep>& steps) {
    int number = 0;
    for (const config::RouteStep& step : steps) {
      ++number;
      if (const std::string why = config::unmet(step, asked_.facts); !why.empty() && !goes_on(step)) {
        plan_.known = true;
        plan_.passed.push_back({step.model, Why::condition, asks(number, why)});
        continue;
      }
      const std::string reason = fmt::format("step {} of the route '{}'", number, name());
      step_ = {&step, number};
      if (step.model == kLocal) {
        add_local(reason);
      } else if (step.model == kAny) {
        whatever_serves(reason + ", ");
      } else {
        add_matching(reason, [&](const Model& model) { return answers_to(model, step.model); });
      }
    }
    step_ = {};
  }

  void by_name() {
    add_matching("the model that was asked for", [this](const Model& model) { return answers_to(model, name()); });
  }

  // What is nearest first, and of providers the cheapest; of this box, its leading model: which that is, and what
  // stands in for it, is decided where its engines are known. Vectors of another model would not do in place of those
  // of the first, nor would a voice: only chat has a second choice.
  void whatever_serves(const std::string& before = {}) {
    add_local(before + std::string(where(UpstreamKind::engine)));
    add_matching(before + std::string(where(UpstreamKind::lan)),
                 [](const Model& model) { return model.upstream->facts().kind == UpstreamKind::lan; });
    for (const Offer& offer : offers_by_price()) add(*offer.model, before + offer.reason());
    if (asked_.task != Task::chat && plan_.candidates.size() > 1) plan_.candidates.resize(1);
  }

  Plan finish() {
    keep_conversation();
    return std::move(plan_);
  }

 private:
  // Whom a loop of tools is under way with, it goes on with, and so does who keeps what was said before: of the
  // conditions only the one on the data's class counts.
  [[nodiscard]] bool goes_on(const config::RouteStep& step) const {
    if (asked_.hold != Hold::only && asked_.keeper.empty()) return false;
    config::RouteStep on_class;
    on_class.least_class = step.least_class;
    on_class.most_class = step.most_class;
    return config::unmet(on_class, asked_.facts).empty();
  }
  [[nodiscard]] bool goes_on(const Model& model) const {
    if (asked_.hold == Hold::only) return model.id == asked_.held;
    return !asked_.keeper.empty() && model.upstream->name() == asked_.keeper;
  }

  static std::string asks(int step, std::string_view what) { return fmt::format("step {} asks for {}", step, what); }

  [[nodiscard]] std::string_view name() const { return asked_.name.empty() ? kAuto : asked_.name; }

  // A provider's model, and what it would cost.
  struct Offer {
    const Model* model = nullptr;
    std::optional<Price> price;

    [[nodiscard]] std::string reason() const {
      const std::string_view there = where(UpstreamKind::provider);
      return price ? fmt::format("{}, for about {} {}", there, format_money(price->nano), price->currency)
                   : std::string(there);
    }
  };

  // In the order of the configuration where prices cannot be compared; those that nobody knows come last. Of equal
  // prices whoever begins to answer sooner comes first, and before that whoever was not measured.
  [[nodiscard]] std::vector<Offer> offers_by_price() const {
    std::vector<Offer> offers;
    std::set<std::string> currencies;
    for (const Model& model : *models_) {
      if (model.task != asked_.task || model.upstream->facts().kind != UpstreamKind::provider) continue;
      offers.push_back({&model, asked_.price ? asked_.price(model) : std::nullopt});
      if (offers.back().price) currencies.insert(offers.back().price->currency);
    }
    const auto rank = [&](const Offer& offer) {
      const bool comparable = offer.price && currencies.size() == 1;
      const double first_byte = comparable ? first_byte_of(*offer.model).value_or(0) : 0;
      // They lie in the order of the configuration.
      return std::tuple(!offer.price, comparable ? offer.price->nano : 0, first_byte, offer.model);
    };
    std::ranges::sort(offers, {}, rank);
    return offers;
  }

  [[nodiscard]] std::optional<double> first_byte_of(const Model& model) const {
    return asked_.first_byte ? asked_.first_byte(model) : std::nullopt;
  }

  [[nodiscard]] std::optional<double> quality_of(const Model& model) const {
    if (asked_.quality == nullptr) return std::nullopt;
    const auto found = asked_.quality->find(model.id);
    return found == asked_.quality->end() ? std::nullopt : std::optional(found->second);
  }

  [[nodiscard]] std::string unmet(const Model& model) const {
    return step_.step == nullptr || goes_on(model) ? std::string() : config::unmet(*step_.step, facts_of(model));
  }

  [[nodiscard]] config::ModelFacts facts_of(const Model& model) const {
    config::ModelFacts facts;
    if (step_.step->below_price && asked_.price) facts.price = asked_.price(model);
    if (step_.step->least_quality) facts.quality = quality_of(model);
    if (step_.step->below_first_byte) facts.first_byte = first_byte_of(model);
    return facts;
  }

  template <typename Matches>
  void add_matching(const std::string& reason, Matches matches) {
    for (const Model& model : *models_)
      if (model.task == asked_.task && matches(model)) add(model, reason);
  }

  // Of this box whom the conversation is with, or the first that meets the step's conditions; else why the leading one
  // does not.
  void add_local(const std::string& reason) {
    const auto serves = [&](const Model& model) { return model.task == asked_.task && is_local(model); };
    const auto leading = std::ranges::find_if(*models_, serves);
    if (leading == models_->end()) return;
    const auto wanted = [&](const Model& model) {
      return asked_.hold == Hold::only ? model.id == asked_.held : unmet(model).empty();
    };
    const auto found =
        std::find_if(leading, models_->end(), [&](const Model& model) { return serves(model) && wanted(model); });
    add(found == models_->end() ? *leading : *found, reason);
  }

  void add(const Model& model, const std::string& reason) {
    plan_.known = true;
    const auto is_it = [&](const auto& candidate) { return candidate.model.get() == &model; };
    if (std::ranges::any_of(plan_.candidates, is_it)) return;
    const UpstreamFacts& facts = model.upstream->facts();
    if (!asked_.keeper.empty() && model.upstream->name() != asked_.keeper)
      return pass(model, Why::conversation, fmt::format("{} keeps what the request goes on from", asked_.keeper));
    if (!asked_.untranslatable.empty() && !facts.responses)
      return pass(model, Why::dialect,
                  fmt::format("it has no Responses API, and `{}` can be asked of no other", asked_.untranslatable));
    const bool redact = asked_.facts.data_class > facts.sees;
    if (redact && (asked_.task != Task::chat || !asked_.redacted_class || *asked_.redacted_class > facts.sees))
      return pass(model, Why::data_class,
                  fmt::format("the data are {}, and it may see {} at most{}", to_string(asked_.facts.data_class),
                              to_string(facts.sees), facts.out_of_region ? ", outside of policy.regions" : ""));
    if (redact && asked_.goes_on)
      return pass(model, Why::data_class,
                  fmt::format("the data are {}, and placeholders would be taken for those of what it keeps from before",
                              to_string(asked_.facts.data_class)));
    if (const std::string why = unmet(model); !why.empty()) return pass(model, Why::condition, asks(step_.number, why));
    if (std::string obstacle = model.upstream->obstacle(); !obstacle.empty())
      return pass(model, Why::obstacle, std::move(obstacle));
    plan_.candidates.push_back({std::shared_ptr<const Model>(models_, &model),
                                redact ? reason + ", with placeholders for what it may not see" : reason, redact});
  }

  void pass(const Model& model, Why why, std::string reason) {
    plan_.passed.push_back({model.id, why, std::move(reason)});
  }

  void keep_conversation() {
    if (asked_.hold == Hold::none) return;
    const auto held = std::ranges::find_if(
        plan_.candidates, [&](const Candidate& candidate) { return candidate.model->id == asked_.held; });
    if (asked_.hold == Hold::only) {
      std::vector<Candidate> kept;
      for (Candidate& candidate : plan_.candidates) {
        if (candidate.model->id == asked_.held) {
          kept.push_back(std::move(candidate));
        } else {
          pass(*candidate.model, Why::conversation, fmt::format("{} asked for the tools", asked_.held));
        }
      }
      plan_.candidates = std::move(kept);
    } else if (held != plan_.candidates.end()) {
      held->reason = "the conversation began with it";
      std::rotate(plan_.candidates.begin(), held, held + 1);
    }
  }

  // The step of a route that is being followed.
  struct Step {
    const config::RouteStep* step = nullptr;
    int number = 0;
  };

  const Models& models_;
  const Asked& asked_;
  Step step_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const Models& models, const Routes& routes, const Asked& asked) {
  Planner planner(models, asked);
  const std::string_view name = asked.name.empty() ? kAuto : asked.name;
  if (const auto route = routes.find(name); route != routes.end() && asked.task == Task::chat) {
    planner.follow(route->second);
  } else if (name == kAuto) {
    planner.whatever_serves();
  } else {
    planner.by_name();
  }
  return planner.finish();
}

std::string explain_nobody(const Plan& plan) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (const PassedOver& passed : plan.passed) {
    if (&passed - plan.passed.data() == kShown) return text + "; …";
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", passed.model, passed.reason);
  }
  return text;
}

bool only_class_forbids(const Plan& plan) noexcept {
  const auto whatever_class = [](Why why) { return why == Why::dialect || why == Why::conversation; };
  return plan.candidates.empty() &&
         std::ranges::find(plan.passed, Why::data_class, &PassedOver::why) != plan.passed.end() &&
         std::ranges::all_of(plan.passed, [&](const PassedOver& passed) {
           return passed.why == Why::data_class || whatever_class(passed.why);
         });
}

bool nobody_ever(const Plan& plan) noexcept {
  return plan.candidates.empty() && !plan.passed.empty() &&
         std::ranges::none_of(plan.passed, [](const PassedOver& passed) {
           return passed.why == Why::data_class || passed.why == Why::obstacle;
         });
}

}  // namespace hearth::gateway
