#include "learner/large_batch/value_network.hpp"

#include <algorithm>
#include <stdexcept>

namespace qwop::learner {

using nn::padded;

void ValueShape::check() const {
  if (observation_size < 1 || hidden.empty() || std::ranges::min(hidden) < 1 || n_actions < 1 ||
      n_quantiles < 1) {
    throw std::invalid_argument(
        "there must be a hidden layer, and every width and number of actions or quantiles must be "
        "1 or more");
  }
  features.check(observation_size);
}

nn::MlpShape ValueShape::trunk() const {
  check();
  nn::MlpShape shape{{features.outputs(observation_size)}, activation, layer_norm, false};
  shape.widths.insert(shape.widths.end(), hidden.begin(), hidden.end());
  return shape;
}

HeadMemory::HeadMemory(ptrdiff_t inputs, ptrdiff_t n_actions, ptrdiff_t n_quantiles) {
  head_.inputs = inputs;
  head_.n_actions = n_actions;
  head_.n_quantiles = n_quantiles;
  head_.weight.size = head_.outputs() * inputs;
  head_.bias.size = head_.outputs();
  for (ptrdiff_t a = 0; a < n_actions; ++a) {
    actions_.push_back({floats(padded(n_quantiles) * inputs), floats(padded(n_quantiles))});
    backward_.push_back(floats(n_quantiles * padded(inputs)));
  }
  head_.actions = actions_.data();
  head_.backward = backward_.data();
  head_.mean_rows = floats(n_actions * inputs);
  head_.mean_bias = floats(n_actions);
  head_.mean = {floats(padded(n_actions) * inputs), floats(padded(n_actions))};
}

ValueNetwork::ValueNetwork(const ValueShape& shape)
    : trunk_(shape.trunk(), nullptr),
      head_(shape.hidden.back(), shape.n_actions, shape.n_quantiles) {
  for_each_parameter([&](nn::Parameter& parameter) { sizes_.push_back(parameter.size); });
}

template <class Function>
void ValueNetwork::for_each_parameter(const Function& f) {
  nn::Mlp& mlp = trunk_.mlp();
  for (int l = 0; l < mlp.n_layers; ++l) {
    nn::MlpLayer& layer = mlp.layers[l];
    f(layer.weight);
    f(layer.bias);
    if (!layer.has_norm()) continue;
    f(layer.norm.gain);
    f(layer.norm.bias);
  }
  f(head_.head().weight);
  f(head_.head().bias);
}

void ValueNetwork::bind(const nn::Tensors& values) {
  values_.assign(values.begin(), values.end());
  std::size_t t = 0;
  for_each_parameter([&](nn::Parameter& parameter) { parameter.value = values[t++]; });
}

void ValueNetwork::bind_adam(const nn::Tensors& means, const nn::Tensors& squares,
                             const nn::Tensors& steps) {
  std::size_t t = 0;
  for_each_parameter([&](nn::Parameter& parameter) {
    parameter.mean = means[t];
    parameter.square = squares[t];
    parameter.step = steps[t++];
  });
}

}  // namespace qwop::learner
