#include "silero.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr std::int64_t kStates = 2;
constexpr std::int64_t kStateWidth = 128;

}  // namespace

Result<std::unique_ptr<Silero>> Silero::create(std::unique_ptr<Model> model) {
  const auto input = find_port(model->inputs(), "input");
  const auto state = find_port(model->inputs(), "state");
  const auto rate = find_port(model->inputs(), "sr");
  const auto output = find_port(model->outputs(), "output");
  const auto next = find_port(model->outputs(), "stateN");
  if (!input || !state || !rate || !output || !next || model->inputs().size() != 3 ||
      model->inputs()[*rate].element != Element::int64)
    return fail(
        Errc::unsupported,
        fmt::format("this is no Silero VAD of version 5 or 6: its inputs are {}, its outputs {}; wanted are input, "
                    "state and sr, output and stateN",
                    to_text(model->inputs()), to_text(model->outputs())));
  std::unique_ptr<Silero> made(new Silero);
  made->input_ = *input;
  made->state_ = *state;
  made->rate_ = *rate;
  made->output_ = *output;
  made->next_state_ = *next;
  made->model_ = std::move(model);
  return made;
}

Silero::Stream::Stream(const Silero& owner)
    : owner_(&owner), state_(static_cast<std::size_t>(kStates * kStateWidth), 0.0F) {}

Result<void> Silero::Stream::push(std::span<const std::int16_t> samples, std::vector<float>& probabilities) {
  for (const std::int16_t sample : samples) {
    input_.at(kVadContext + filled_) = static_cast<float>(sample) / 32768.0F;
    if (++filled_ < kVadWindow) continue;
    HEARTH_TRY(step(probabilities));
  }
  return {};
}

Result<void> Silero::Stream::finish(std::vector<float>& probabilities) {
  if (filled_ == 0) return {};
  std::fill(input_.begin() + static_cast<std::ptrdiff_t>(kVadContext + filled_), input_.end(), 0.0F);
  return step(probabilities);
}

Result<void> Silero::Stream::step(std::vector<float>& probabilities) {
  std::vector<Tensor> inputs(3);
  inputs[owner_->input_] = {.shape = {1, static_cast<std::int64_t>(input_.size())},
                            .values = std::vector<float>(input_.begin(), input_.end())};
  inputs[owner_->state_] = {.shape = {kStates, 1, kStateWidth}, .values = state_};
  inputs[owner_->rate_] = {.shape = {}, .values = std::vector<std::int64_t>{static_cast<std::int64_t>(kVadRate)}};
  HEARTH_TRY_ASSIGN(const std::vector<Tensor> outputs, owner_->model_->run(inputs));
  if (std::max(owner_->output_, owner_->next_state_) >= outputs.size())
    return fail(Errc::corrupt, "the model gave fewer outputs than it says it has");
  HEARTH_TRY_ASSIGN(const auto probability, floats_of(outputs[owner_->output_], {1, 1}, "the probability"));
  HEARTH_TRY_ASSIGN(const auto state, floats_of(outputs[owner_->next_state_], {kStates, 1, kStateWidth}, "its state"));
  probabilities.push_back(std::isfinite(probability[0]) ? std::clamp(probability[0], 0.0F, 1.0F) : 0.0F);
  // A state that is no number any more would stay so to the end of the recording.
  for (std::size_t i = 0; i < state_.size(); ++i) state_[i] = std::isfinite(state[i]) ? state[i] : 0.0F;
  std::copy(input_.end() - static_cast<std::ptrdiff_t>(kVadContext), input_.end(), input_.begin());
  filled_ = 0;
  return {};
}

}  // namespace hearth::onnx
