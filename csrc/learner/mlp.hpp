// A multilayer perceptron with a linear last layer, as its kernels see it: plain pointers.
#pragma once

#include "learner/job.hpp"

namespace qwop::learner {

// Rows that are worked on at a time: enough to use a packed weight well, few enough for their
// values in all layers to stay in a second-level cache.
inline constexpr ptrdiff_t kChunk = 128;

// Floats from one row of a scratch matrix to the next: an odd number of cache lines, so that the
// same columns of many rows do not fall into the same few places of the first-level cache.
constexpr ptrdiff_t row_stride(ptrdiff_t n) {
  return padded(n) / kPadding % 2 == 1 ? padded(n) : padded(n) + kPadding;
}

struct MlpLayer {
  ptrdiff_t inputs = 0, outputs = 0;
  Parameter weight, bias;
  PackedLayer forward;               // for y = x w^T + b
  float* backward = nullptr;         // packed for dx = dy w
  float* weight_gradient = nullptr;  // (outputs, row_stride(inputs))
  float* bias_gradient = nullptr;    // padded(outputs)
};

struct Mlp {
  int n_layers = 0;
  Activation activation = Activation::kTanh;
  MlpLayer* layers = nullptr;
  // Matrices of kChunk rows, row_stride apart: values[l] is what layer l reads, values[n_layers]
  // the result; gradients of the loss for them. The caller fills values[0] and gradients[n_layers].
  float** values = nullptr;
  float** gradients = nullptr;
};

}  // namespace qwop::learner
