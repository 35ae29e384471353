// The passes of a multilayer perceptron on a chunk of rows, for batches of any size.
#pragma once

#include "nn/activation.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear_kernels.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {
namespace {

void mlp_refresh(const Mlp& mlp) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    refresh_layer(mlp.layers[l], l == 0);
    if (mlp.layers[l].has_norm()) refresh_norm(mlp.layers[l].norm);
  }
}

// Calls f(i) for the place i of each vector of the first `rows` rows.
template <class Function>
inline void for_each_vector(ptrdiff_t rows, ptrdiff_t columns, const Function& f) {
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const ptrdiff_t begin = r * row_stride(columns), end = begin + padded(columns);
    for (ptrdiff_t i = begin; i < end; i += kLanes) f(i);
  }
}

inline bool is_activated(const Mlp& mlp, int layer) {
  return layer + 1 < mlp.n_layers || !mlp.ends_linear;
}

void mlp_forward(const Mlp& mlp, ptrdiff_t rows) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    const MlpLayer& layer = mlp.layers[l];
    float* const y = mlp.values[l + 1];
    forward_layer(layer, mlp.values[l], rows, y);
    if (!is_activated(mlp, l)) return;
    if (layer.has_norm()) forward_norm(layer.norm, rows, y);
    with_activation(mlp.activation, [&](auto activation) {
      for_each_vector(rows, layer.outputs,
                      [&](ptrdiff_t i) { store(y + i, activation(load(y + i))); });
    });
  }
}

void mlp_backward(const Mlp& mlp, ptrdiff_t rows, bool fresh) {
  for (int l = mlp.n_layers - 1; l >= 0; --l) {
    const MlpLayer& layer = mlp.layers[l];
    float* const dy = mlp.gradients[l + 1];
    if (is_activated(mlp, l)) {
      with_activation(mlp.activation, [&](auto activation) {
        const float* const y = mlp.values[l + 1];
        for_each_vector(rows, layer.outputs, [&](ptrdiff_t i) {
          store(dy + i, activation.backward(load(y + i), load(dy + i)));
        });
      });
      if (layer.has_norm()) backward_norm(layer.norm, rows, fresh, dy);
    }
    layer_gradients(layer, mlp.values[l], dy, rows, fresh);
    if (l > 0) backward_layer(layer, dy, rows, mlp.gradients[l]);
  }
}

void mlp_add_gradients(const Mlp& to, const Mlp& from) {
  for (int l = 0; l < to.n_layers; ++l) {
    add_layer_gradients(to.layers[l], from.layers[l]);
    if (to.layers[l].has_norm()) add_norm_gradients(to.layers[l].norm, from.layers[l].norm);
  }
}

void mlp_adam(const Mlp& mlp, const AdamSettings& settings, float scale) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    update_layer(mlp.layers[l], settings, scale);
    if (mlp.layers[l].has_norm()) update_norm(mlp.layers[l].norm, settings, scale);
  }
}

double sum_of_squares(const float* values, ptrdiff_t n) {
  double total = 0.0;
  for (ptrdiff_t begin = 0; begin < n; begin += 4096) {
    const ptrdiff_t end = begin + 4096 < n ? begin + 4096 : n;
    F part{};
    for (ptrdiff_t i = begin; i < end; i += kLanes) {
      const F x = load_first(values + i, end - i < kLanes ? end - i : kLanes);
      part = fma(x, x, part);
    }
    total += static_cast<double>(sum(part));
  }
  return total;
}

void exponentials(const float* x, ptrdiff_t rows, ptrdiff_t n, float* result, float* greatest) {
  const ptrdiff_t stride = row_stride(n);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const float* const row = x + r * stride;
    float top = row[0];
    for (ptrdiff_t k = 1; k < n; ++k) top = row[k] > top ? row[k] : top;
    greatest[r] = top;
    for (ptrdiff_t k = 0; k < n; k += kLanes) {
      const F e = exp_of_negative(load(row + k) - splat(top));
      const I number = lane_numbers() + splat(static_cast<std::int32_t>(k));
      store(result + r * stride + k, select(number < splat(static_cast<std::int32_t>(n)), e, F{}));
    }
  }
}

constexpr MlpKernels kMlpKernels{mlp_refresh, mlp_forward,    mlp_backward, mlp_add_gradients,
                                 mlp_adam,    sum_of_squares, exponentials};

}  // namespace
}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
