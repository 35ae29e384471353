// What networks are made of, as kernels see it: views of parameters and of packed weights, the same
// for every instruction set. Whoever makes a view keeps the memory behind it alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qwop::nn {

using std::ptrdiff_t;

// Columns of scratch matrices are padded to whole vectors of the widest instruction set.
inline constexpr ptrdiff_t kPadding = 16;
constexpr ptrdiff_t padded(ptrdiff_t n) { return (n + kPadding - 1) / kPadding * kPadding; }

enum class Activation { kRelu, kTanh };

// A network's tensors: weight and bias of each layer from the input on, all of the same kind.
using Tensors = std::vector<float*>;

// A parameter tensor and its Adam state, all the caller's memory.
struct Parameter {
  float* value = nullptr;
  float* mean = nullptr;      // exp_avg
  float* square = nullptr;    // exp_avg_sq
  float* step = nullptr;      // updates so far
  float* gradient = nullptr;  // written when gradients are asked for
  ptrdiff_t size = 0;
};

struct AdamSettings {
  double learning_rate = 0, beta1 = 0, beta2 = 0, epsilon = 0, weight_decay = 0;
  bool decoupled_weight_decay = false;  // AdamW
};

// One linear layer, y = x weight^T + bias, weight stored (outputs, inputs) row by row.
struct Linear {
  Linear(ptrdiff_t n_inputs, ptrdiff_t n_outputs) : inputs(n_inputs), outputs(n_outputs) {
    weight.size = n_outputs * n_inputs;
    bias.size = n_outputs;
  }
  ptrdiff_t inputs, outputs;
  Parameter weight, bias;
};

// A layer's weights laid out for the forward pass, and its bias padded to whole vectors.
struct PackedLinear {
  float* weight = nullptr;
  float* bias = nullptr;
};

}  // namespace qwop::nn
