// QR-DQN's learner as Python sees it.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bindings/learner_arrays.hpp"
#include "bindings/long_calls.hpp"
#include "learner/learner.hpp"

namespace qwop::bindings {

// The learner together with the arrays it works on, which keep their memory alive.
class BoundLearner {
 public:
  BoundLearner(const std::vector<std::ptrdiff_t>& widths, std::ptrdiff_t n_actions,
               std::ptrdiff_t n_quantiles, const std::string& activation,
               const std::string& instruction_set, double loss_scale)
      : learner_({widths, n_actions, n_quantiles, parse_activation(activation), loss_scale},
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
    learner_.bind_adam(tensors("exp_avg", means, learner_.sizes()),
                       tensors("exp_avg_sq", squares, learner_.sizes()),
                       tensors("step", steps, std::vector<ptrdiff_t>(learner_.sizes().size(), 1)));
    adam_ = pybind11::make_tuple(means, squares, steps);
  }
  void bind_replay(const Floats& observations, const Floats& next_observations,
                   const Indices& actions, const Floats& rewards, const Floats& dones,
                   const Floats& timeouts) {
    if (rewards.ndim() != 2)
      throw pybind11::value_error("rewards must be of shape (positions, games)");
    const auto rows = rewards.size();
    const auto check = [&](const char* name, const pybind11::array& array, pybind11::ssize_t size) {
      if (array.size() != size) {
        throw pybind11::value_error(std::string(name) + " must hold " + std::to_string(size) +
                                    " numbers, got " + std::to_string(array.size()));
      }
    };
    check("observations", observations, rows * learner_.observation_size());
    check("next_observations", next_observations, rows * learner_.observation_size());
    check("actions", actions, rows);
    check("dones", dones, rows);
    check("timeouts", timeouts, rows);
    learner_.bind_replay({observations.data(), next_observations.data(), actions.data(),
                          rewards.data(), dones.data(), timeouts.data(), rewards.shape(0),
                          rewards.shape(1)});
    replay_ =
        pybind11::make_tuple(observations, next_observations, actions, rewards, dones, timeouts);
  }

  double update(const Indices& positions, const Indices& games, double gamma, double learning_rate,
                std::array<double, 2> betas, double epsilon, double weight_decay,
                bool decoupled_weight_decay, std::optional<double> max_grad_norm) {
    const learner::AdamSettings adam{learning_rate, betas[0],     betas[1],
                                     epsilon,       weight_decay, decoupled_weight_decay};
    const auto p = span(positions), g = span(games);
    return without_lock([&](auto&) { return learner_.update(p, g, gamma, adam, max_grad_norm); });
  }
  pybind11::tuple gradients(const Indices& positions, const Indices& games, double gamma) {
    pybind11::list arrays;
    learner::Tensors out;
    for (const std::ptrdiff_t size : learner_.sizes()) {
      Floats array(size);
      out.push_back(array.mutable_data());
      arrays.append(array);
    }
    const double loss = learner_.gradients(span(positions), span(games), gamma, out);
    return pybind11::make_tuple(loss, arrays);
  }
  Indices act(const Floats& observations) {
    const auto width = learner_.observation_size();
    if (observations.ndim() != 2 || observations.shape(1) != width) {
      throw pybind11::value_error("observations must be float32 of shape (rows, " +
                                  std::to_string(width) + ")");
    }
    Indices actions(observations.shape(0));
    learner_.act(observations.data(), observations.shape(0), actions.mutable_data());
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
  pybind11::object online_, target_, adam_, replay_;
};

}  // namespace qwop::bindings
