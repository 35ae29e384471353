// What a perceptron does with one linear layer. A further kind of layer is a file like this one
// with the same six functions, and a line for each in mlp_kernels.hpp.
#pragma once

#include "nn/adam.hpp"
#include "nn/gemm.hpp"
#include "nn/mlp.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

// Packs the parameters anew; those of the first layer are not needed backward.
inline void refresh_layer(const MlpLayer& layer, bool first) {
  pack_transposed(layer.weight.value, layer.inputs, layer.outputs, layer.inputs,
                  layer.forward.weight);
  copy_padded(layer.bias.value, layer.outputs, layer.forward.bias);
  if (!first) {
    pack_rows(layer.weight.value, layer.inputs, layer.outputs, layer.inputs, layer.backward);
  }
}

inline void forward_layer(const MlpLayer& layer, const float* x, ptrdiff_t rows, float* y) {
  gemm(ByRows{x, row_stride(layer.inputs)}, rows, layer.inputs, Packed{layer.forward.weight},
       layer.outputs, FromBias{layer.forward.bias}, y, row_stride(layer.outputs));
}

// The gradient of the layer's input.
inline void backward_layer(const MlpLayer& layer, const float* dy, ptrdiff_t rows, float* dx) {
  gemm(ByRows{dy, row_stride(layer.outputs)}, rows, layer.outputs, Packed{layer.backward},
       layer.inputs, FromZero{}, dx, row_stride(layer.inputs));
}

// The gradients of the layer's parameters, or what is added to them where not `fresh`.
inline void layer_gradients(const MlpLayer& layer, const float* x, const float* dy, ptrdiff_t rows,
                            bool fresh) {
  const ptrdiff_t stride = row_stride(layer.outputs);
  const auto weights = [&](auto start) {
    gemm(ByColumns{dy, stride}, layer.outputs, rows, Plain{x, row_stride(layer.inputs)},
         layer.inputs, start, layer.weight_gradient, row_stride(layer.inputs));
  };
  if (fresh) {
    weights(FromZero{});
  } else {
    weights(FromResult{});
  }
  for (ptrdiff_t k = 0; k < layer.outputs; k += kLanes) {
    F total = fresh ? F{} : load(layer.bias_gradient + k);
    for (ptrdiff_t r = 0; r < rows; ++r) total += load(dy + r * stride + k);
    store(layer.bias_gradient + k, total);
  }
}

inline void add_layer_gradients(const MlpLayer& to, const MlpLayer& from) {
  const auto add = [](float* sum, const float* part, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; i += kLanes) store(sum + i, load(sum + i) + load(part + i));
  };
  add(to.weight_gradient, from.weight_gradient, to.outputs * row_stride(to.inputs));
  add(to.bias_gradient, from.bias_gradient, padded(to.outputs));
}

inline void update_layer(const MlpLayer& layer, const AdamSettings& settings, float scale) {
  with_adam(settings, layer.weight, [&](auto rule) {
    const UpdateWeight<decltype(rule)> use{layer.weight, rule};
    for (ptrdiff_t row = 0; row < layer.outputs; ++row) {
      const float* gradient = layer.weight_gradient + row * row_stride(layer.inputs);
      for (ptrdiff_t k = 0; k < layer.inputs; k += kLanes) {
        const ptrdiff_t left = layer.inputs - k;
        use(row * layer.inputs + k, load(gradient + k) * splat(scale),
            left < kLanes ? left : kLanes);
      }
    }
  });
  with_adam(settings, layer.bias,
            [&](auto rule) { adam_update(rule, layer.bias, layer.bias_gradient, scale); });
}

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
