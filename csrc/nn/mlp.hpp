// A multilayer perceptron as its kernels see it, and the table of the kernels.
#pragma once

#include "nn/linear.hpp"

namespace qwop::nn {

// Rows that are worked on at a time: enough to use a packed weight well, few enough for their
// values in all layers to stay in a second-level cache.
inline constexpr ptrdiff_t kChunk = 128;

// Floats from one row of a scratch matrix to the next: an odd number of cache lines, so that the
// same columns of many rows do not fall into the same few places of the first-level cache.
constexpr ptrdiff_t row_stride(ptrdiff_t n) {
  return padded(n) / kPadding % 2 == 1 ? padded(n) : padded(n) + kPadding;
}

// Layer norm of a layer's outputs, before the activation, as torch.nn.LayerNorm has it.
struct LayerNorm {
  Parameter gain, bias;
  float *packed_gain = nullptr, *packed_bias = nullptr;      // padded to whole vectors
  float *gain_gradient = nullptr, *bias_gradient = nullptr;  // the same
  float* normalized = nullptr;         // kChunk rows, row_stride apart: kept for the way back
  float* inverse_deviation = nullptr;  // kChunk
};

struct MlpLayer : Linear {
  using Linear::Linear;
  bool has_norm() const { return norm.gain.size > 0; }

  LayerNorm norm;
  PackedLinear forward;              // for y = x w^T + b
  float* backward = nullptr;         // packed for dx = dy w
  float* weight_gradient = nullptr;  // (outputs, row_stride(inputs))
  float* bias_gradient = nullptr;    // padded(outputs)
};

struct Mlp {
  int n_layers = 0;
  Activation activation = Activation::kTanh;
  bool ends_linear = true;  // else the last layer has norm and activation as the others do
  MlpLayer* layers = nullptr;
  // Matrices of kChunk rows, row_stride apart: values[l] is what layer l reads, values[n_layers]
  // the result; gradients of the loss for them. The caller fills values[0] and gradients[n_layers].
  float** values = nullptr;
  float** gradients = nullptr;
};

// The functions that are compiled for each instruction set.
struct MlpKernels {
  // Packs the parameters anew.
  void (*refresh)(const Mlp& mlp);
  void (*forward)(const Mlp& mlp, ptrdiff_t rows);
  // Gradients of all parameters, or what is added to them where not `fresh`.
  void (*backward)(const Mlp& mlp, ptrdiff_t rows, bool fresh);
  // to += from, both the gradients of one network.
  void (*add_gradients)(const Mlp& to, const Mlp& from);
  void (*adam)(const Mlp& mlp, const AdamSettings& settings, float scale);
  double (*sum_of_squares)(const float* values, ptrdiff_t n);
  // exp(x - the greatest x of the row) of padded rows; zero behind the n-th. `result` may be x.
  void (*exponentials)(const float* x, ptrdiff_t rows, ptrdiff_t n, float* result, float* greatest);
};

}  // namespace qwop::nn
