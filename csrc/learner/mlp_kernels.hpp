// The passes of a multilayer perceptron on a chunk of rows, for batches of any size.
#pragma once

#include "learner/gemm.hpp"
#include "learner/mlp.hpp"
#include "learner/network.hpp"

namespace qwop::learner::QWOP_LEARNER_ISA {
namespace {

// Panels of a matrix that is read as it is: `depth` rows, one `stride` after the other.
inline void pack_rows(const float* matrix, ptrdiff_t stride, ptrdiff_t depth, ptrdiff_t columns,
                      float* packed) {
  const GemmPanels panels(columns);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    const int width = panels.size(p);
    float* to = packed + first * depth;
    for (ptrdiff_t k = 0; k < depth; ++k) {
      for (int v = 0; v < width; ++v, to += kLanes) {
        const ptrdiff_t column = first + v * kLanes, left = columns - column;
        store(to, load_first(matrix + k * stride + column, left < kLanes ? left : kLanes));
      }
    }
  }
}

// Panels of the transposed of a matrix of `rows` rows and `depth` columns without gaps.
inline void pack_transposed(const float* matrix, ptrdiff_t rows, ptrdiff_t depth, float* packed) {
  const GemmPanels panels(rows);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    pack_panel(matrix + first * depth, depth, rows - first, depth, panels.size(p),
               packed + first * depth);
  }
}

void mlp_refresh(const Mlp& mlp) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    const MlpLayer& layer = mlp.layers[l];
    pack_transposed(layer.weight.value, layer.outputs, layer.inputs, layer.forward.weight);
    copy_padded(layer.bias.value, layer.outputs, layer.forward.bias);
    if (l > 0) {
      pack_rows(layer.weight.value, layer.inputs, layer.outputs, layer.inputs, layer.backward);
    }
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

void mlp_forward(const Mlp& mlp, ptrdiff_t rows) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    const MlpLayer& layer = mlp.layers[l];
    float* const y = mlp.values[l + 1];
    gemm(ByRows{mlp.values[l], row_stride(layer.inputs)}, rows, layer.inputs,
         Packed{layer.forward.weight}, layer.outputs, FromBias{layer.forward.bias}, y,
         row_stride(layer.outputs));
    if (l + 1 == mlp.n_layers) return;
    with_activation(mlp.activation, [&](auto activation) {
      for_each_vector(rows, layer.outputs,
                      [&](ptrdiff_t i) { store(y + i, activation(load(y + i))); });
    });
  }
}

// The gradients of one layer's parameters, or what is added to them where not `fresh`.
inline void parameter_gradients(const MlpLayer& layer, const float* x, const float* dy,
                                ptrdiff_t rows, bool fresh) {
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

void mlp_backward(const Mlp& mlp, ptrdiff_t rows, bool fresh) {
  for (int l = mlp.n_layers - 1; l >= 0; --l) {
    const MlpLayer& layer = mlp.layers[l];
    const float* const dy = mlp.gradients[l + 1];
    parameter_gradients(layer, mlp.values[l], dy, rows, fresh);
    if (l == 0) return;
    float* const dx = mlp.gradients[l];
    gemm(ByRows{dy, row_stride(layer.outputs)}, rows, layer.outputs, Packed{layer.backward},
         layer.inputs, FromZero{}, dx, row_stride(layer.inputs));
    with_activation(mlp.activation, [&](auto activation) {
      const float* const x = mlp.values[l];
      for_each_vector(rows, layer.inputs, [&](ptrdiff_t i) {
        store(dx + i, activation.backward(load(x + i), load(dx + i)));
      });
    });
  }
}

// to += from, both the gradients of one network.
void mlp_add_gradients(const Mlp& to, const Mlp& from) {
  const auto add = [](float* sum, const float* part, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; i += kLanes) store(sum + i, load(sum + i) + load(part + i));
  };
  for (int l = 0; l < to.n_layers; ++l) {
    const MlpLayer& layer = to.layers[l];
    add(layer.weight_gradient, from.layers[l].weight_gradient,
        layer.outputs * row_stride(layer.inputs));
    add(layer.bias_gradient, from.layers[l].bias_gradient, padded(layer.outputs));
  }
}

void mlp_adam(const Mlp& mlp, const AdamSettings& settings, float scale) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    const MlpLayer& layer = mlp.layers[l];
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

// exp(x - the greatest x of the row) of padded rows; zero behind the n-th. `result` may be x.
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

}  // namespace
}  // namespace qwop::learner::QWOP_LEARNER_ISA
