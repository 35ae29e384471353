// The passes of a multilayer perceptron on a chunk of rows, for batches of any size.
//
// All operands are packed, so that the inner loops read memory in its order: rows of a wide matrix
// would fall into the same few places of the first-level cache.
#pragma once

#include "learner/mlp.hpp"
#include "learner/network.hpp"

namespace qwop::learner::QWOP_LEARNER_ISA {
namespace {

// c = a b, or += where not `fresh`: a has `count` rows of `depth`, b is packed, and c is padded.
inline void product(Rows a, ptrdiff_t count, ptrdiff_t depth, const float* packed,
                    ptrdiff_t columns, bool fresh, Rows c) {
  const Panels panels(columns);
  const Parts tiles(count, kTileRows);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    for (ptrdiff_t t = 0; t < tiles.count; ++t) {
      const ptrdiff_t r0 = tiles.begin(t);
      with_constants(tiles.size(t), panels.size(p), [&](auto rows_constant, auto width_constant) {
        constexpr int rows = decltype(rows_constant)::value;
        constexpr int width = decltype(width_constant)::value;
        F tile[rows][width];
        const float* from[rows];
        float* to[rows];
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) {
          from[r] = a[r0 + r];
          to[r] = c[r0 + r] + first;
#pragma GCC unroll 4
          for (int v = 0; v < width; ++v) tile[r][v] = fresh ? F{} : load(to[r] + v * kLanes);
        }
        multiply_tile<rows, width>(from, depth, packed + first * depth, width * kLanes, kLanes,
                                   tile);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
          for (int v = 0; v < width; ++v) store(to[r] + v * kLanes, tile[r][v]);
        }
      });
    }
  }
}

// Panels of a matrix that is read as it is: `depth` rows, one `stride` after the other.
inline void pack_rows(const float* matrix, ptrdiff_t stride, ptrdiff_t depth, ptrdiff_t columns,
                      float* packed) {
  const Panels panels(columns);
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

// Row i of the result is column i of a padded matrix; whole blocks of lanes are moved.
inline void transpose_rows(const float* matrix, ptrdiff_t rows, ptrdiff_t columns, float* result) {
  for (ptrdiff_t r = 0; r < rows; r += kLanes) {
    for (ptrdiff_t c = 0; c < columns; c += kLanes) {
      F block[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) block[i] = load(matrix + (r + i) * padded(columns) + c);
      transpose(block);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) store(result + (c + i) * kChunk + r, block[i]);
    }
  }
}

void mlp_refresh(const Mlp& mlp) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    const MlpLayer& layer = mlp.layers[l];
    pack(layer.weight.value, layer.inputs, layer.outputs, layer.inputs, layer.forward.weight);
    copy_padded(layer.bias.value, layer.outputs, layer.forward.bias);
    if (l > 0) {
      pack_rows(layer.weight.value, layer.inputs, layer.outputs, layer.inputs, layer.backward);
    }
  }
}

void mlp_forward(const Mlp& mlp, ptrdiff_t rows) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    const MlpLayer& layer = mlp.layers[l];
    const Rows x{mlp.values[l], padded(layer.inputs)}, y{mlp.values[l + 1], padded(layer.outputs)};
    const auto layer_forward = [&](auto activation) {
      forward(x, 0, rows, layer.inputs, layer.forward.weight, layer.forward.bias, layer.outputs, y,
              activation);
    };
    if (l + 1 == mlp.n_layers) {
      layer_forward(Identity{});
    } else {
      with_activation(mlp.activation, layer_forward);
    }
  }
}

void mlp_backward(const Mlp& mlp, ptrdiff_t rows, bool fresh) {
  for (int l = mlp.n_layers - 1; l >= 0; --l) {
    const MlpLayer& layer = mlp.layers[l];
    const ptrdiff_t stride = padded(layer.outputs);
    float* const dy = mlp.gradients[l + 1];
    if (l + 1 < mlp.n_layers) {
      with_activation(mlp.activation, [&](auto activation) {
        const float* const y = mlp.values[l + 1];
        for (ptrdiff_t i = 0; i < rows * stride; i += kLanes) {
          store(dy + i, activation.backward(load(y + i), load(dy + i)));
        }
      });
    }
    transpose_rows(dy, rows, layer.outputs, mlp.transposed);
    pack_rows(mlp.values[l], padded(layer.inputs), rows, layer.inputs, mlp.packed);
    product(Rows{mlp.transposed, kChunk}, layer.outputs, rows, mlp.packed, layer.inputs, fresh,
            Rows{layer.weight_gradient, padded(layer.inputs)});
    for (ptrdiff_t k = 0; k < layer.outputs; k += kLanes) {
      F total = fresh ? F{} : load(layer.bias_gradient + k);
      for (ptrdiff_t r = 0; r < rows; ++r) total += load(dy + r * stride + k);
      store(layer.bias_gradient + k, total);
    }
    if (l > 0) {
      product(Rows{dy, stride}, rows, layer.outputs, layer.backward, layer.inputs, true,
              Rows{mlp.gradients[l], padded(layer.inputs)});
    }
  }
}

void mlp_adam(const Mlp& mlp, const AdamSettings& settings, float scale) {
  for (int l = 0; l < mlp.n_layers; ++l) {
    const MlpLayer& layer = mlp.layers[l];
    with_adam(settings, layer.weight, [&](auto rule) {
      const UpdateWeight<decltype(rule)> use{layer.weight, rule};
      for (ptrdiff_t row = 0; row < layer.outputs; ++row) {
        const float* gradient = layer.weight_gradient + row * padded(layer.inputs);
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
  const ptrdiff_t stride = padded(n);
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
