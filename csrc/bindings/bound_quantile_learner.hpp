// QR-DQN's learner together with the arrays it works on, which keep their memory alive.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bindings/learner_arrays.hpp"
#include "bindings/long_calls.hpp"
#include "learner/qrdqn/quantile_learner.hpp"
#include "nn/activation_name.hpp"

namespace qwop::bindings {

// The arrays of a replay buffer.
struct ReplayArrays {
  Floats observations, next_observations;
  Indices actions;
  Floats rewards, dones, timeouts;

  learner::Replay replay(std::ptrdiff_t positions, std::ptrdiff_t num_envs) {
    return {mutable_span(observations),
            mutable_span(next_observations),
            mutable_span(actions),
            mutable_span(rewards),
            mutable_span(dones),
            mutable_span(timeouts),
            positions,
            num_envs};
  }
};

class BoundQuantileLearner {
 public:
  BoundQuantileLearner(std::vector<std::ptrdiff_t> widths, std::ptrdiff_t n_actions,
                       std::ptrdiff_t n_quantiles, const std::string& activation,
                       const std::string& instruction_set, double loss_scale)
      : learner_({std::move(widths), n_actions, n_quantiles, nn::parse_activation(activation),
                  loss_scale},
                 instruction_set) {}

  void bind_online(const pybind11::list& values) {
    learner_.bind_online(tensors("parameters", values, learner_.sizes()));
    online_ = values;
  }
  void bind_target(const pybind11::list& values) {
    learner_.bind_target(tensors("target parameters", values, learner_.sizes()));
    target_ = values;
  }
  void bind_adam(const pybind11::list& means, const pybind11::list& squares,
                 const pybind11::list& steps) {
    bind_adam_state(learner_, means, squares, steps);
    adam_ = pybind11::make_tuple(means, squares, steps);
  }
  void bind_replay(Floats observations, Floats next_observations, Indices actions, Floats rewards,
                   Floats dones, Floats timeouts) {
    if (rewards.ndim() != 2) {
      throw pybind11::value_error("rewards must be of shape (positions, num_envs)");
    }
    const auto positions = rewards.shape(0), num_envs = rewards.shape(1);
    ReplayArrays arrays{std::move(observations), std::move(next_observations),
                        std::move(actions),      std::move(rewards),
                        std::move(dones),        std::move(timeouts)};
    learner_.bind_replay(arrays.replay(positions, num_envs));
    replay_ = std::move(arrays);
  }

  double update(const Indices& positions, const Indices& games, double gamma,
                const nn::AdamSettings& adam, std::optional<double> max_grad_norm) {
    const learner::Drawn drawn{span(positions), span(games)};
    return without_lock([&](auto&) { return learner_.update(drawn, gamma, adam, max_grad_norm); });
  }
  pybind11::tuple gradients(const Indices& positions, const Indices& games, double gamma) {
    pybind11::list arrays;
    const auto out = gradient_arrays(learner_, arrays);
    const double loss = learner_.gradients({span(positions), span(games)}, gamma, out);
    return pybind11::make_tuple(loss, arrays);
  }
  Indices act(const Floats& observations) {
    const float* const rows = observation_rows(observations, learner_.observation_size());
    Indices actions(observations.shape(0));
    learner_.act(rows, observations.shape(0), actions.mutable_data());
    return actions;
  }
  pybind11::dict seconds() const {
    static constexpr std::array kNames{"gather",   "target",  "forward", "loss",
                                       "backward", "weights", "refresh"};
    static_assert(kNames.size() == learner::kParts);
    pybind11::dict parts;
    for (std::size_t i = 0; i < kNames.size(); ++i) parts[kNames[i]] = learner_.seconds()[i];
    return parts;
  }
  learner::QuantileLearner& learner() { return learner_; }

 private:
  learner::QuantileLearner learner_;
  pybind11::object online_, target_, adam_;
  ReplayArrays replay_;
};

}  // namespace qwop::bindings
