// A multilayer perceptron with a linear last layer, as its kernels see it: plain pointers.
#pragma once

#include "learner/job.hpp"

namespace qwop::learner {

// Rows that are worked on at a time: enough to use a packed weight well, few enough for their
// values in all layers to stay in a second-level cache.
inline constexpr ptrdiff_t kChunk = 128;

struct MlpLayer {
  ptrdiff_t inputs = 0, outputs = 0;
  Parameter weight, bias;
  PackedLayer forward;               // for y = x w^T + b
  float* backward = nullptr;         // packed for dx = dy w
  float* weight_gradient = nullptr;  // (outputs, padded(inputs))
  float* bias_gradient = nullptr;    // padded(outputs)
};

struct Mlp {
  int n_layers = 0;
  Activation activation = Activation::kTanh;
  MlpLayer* layers = nullptr;
  // Matrices of kChunk padded rows: values[l] is what layer l reads, values[n_layers] the result;
  // gradients of the loss for them. The caller fills values[0] and gradients[n_layers].
  float** values = nullptr;
  float** gradients = nullptr;
  float* transposed = nullptr;  // (widest, kChunk): a layer's gradients, a row an output
  float* packed = nullptr;      // kChunk * widest: a layer's inputs as panels
};

}  // namespace qwop::learner
