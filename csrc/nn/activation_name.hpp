// The names of activations.
#pragma once

#include <stdexcept>
#include <string>

#include "nn/linear.hpp"

namespace qwop::nn {

// Throws std::invalid_argument, naming the accepted spellings, for any other name.
inline Activation parse_activation(const std::string& name) {
  if (name == "relu") return Activation::kRelu;
  if (name == "tanh") return Activation::kTanh;
  throw std::invalid_argument("activation must be 'relu' or 'tanh', got '" + name + "'");
}

}  // namespace qwop::nn
