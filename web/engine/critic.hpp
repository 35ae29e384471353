// The critic that the planner orders states by: linear layers with ReLU between them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "env/observation.hpp"

namespace qwop::web {

class Critic {
 public:
  // Reads what web/critic.py writes. Without any layer, every value is 0.
  Critic() = default;
  explicit Critic(std::span<const std::uint8_t> file);

  // Values of some observations, one after the other; `values` has room for as many.
  void evaluate(std::span<const float> observations, std::span<float> values) const;

 private:
  struct Layer {
    int inputs, outputs;
    std::vector<float> weights, biases;  // (inputs, outputs), (outputs,)
  };
  std::vector<Layer> layers_;
};

}  // namespace qwop::web
