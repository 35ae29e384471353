// The passes of a network made of linear layers, and the layouts they read.
#pragma once

#include "learner/activation.hpp"
#include "learner/adam.hpp"
#include "learner/job.hpp"
#include "learner/matrix.hpp"
#include "learner/simd.hpp"

namespace qwop::learner::QWOP_LEARNER_ISA {

template <class Function>
QWOP_LEARNER_INLINE void with_activation(Activation activation, const Function& f) {
  if (activation == Activation::kRelu) return f(Relu{});
  f(Tanh{});
}

inline void copy_padded(const float* from, ptrdiff_t n, float* to) {
  ptrdiff_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, load(from + i));
  if (i < n) store(to + i, load_first(from + i, n - i));
}

// One action's entries of the head's bias, or their gradient back into place.
inline void take_strided(const float* from, ptrdiff_t stride, ptrdiff_t n, float* to) {
  for (ptrdiff_t i = 0; i < n; ++i) to[i] = from[i * stride];
}
inline void put_strided(const float* from, ptrdiff_t n, float* to, ptrdiff_t stride) {
  for (ptrdiff_t i = 0; i < n; ++i) to[i * stride] = from[i];
}

inline void pack_layer(const Layer& layer, bool target, const PackedLayer& packed) {
  pack(target ? layer.target_weight : layer.weight.value, layer.inputs, layer.outputs, layer.inputs,
       packed.weight);
  copy_padded(target ? layer.target_bias : layer.bias.value, layer.outputs, packed.bias);
}

inline void sum_head_bias(const Job& job, const float* bias, const Derived& derived) {
  const ptrdiff_t n = job.n_actions;
  for (ptrdiff_t a = 0; a < n; a += kLanes) {
    const ptrdiff_t lanes = n - a < kLanes ? n - a : kLanes;
    F total{};
    for (ptrdiff_t q = 0; q < job.n_quantiles; ++q) total += load_first(bias + q * n + a, lanes);
    store(derived.q.bias + a, total);
  }
}
// The head's rows and biases summed over the quantiles of each action: its greedy action needs no
// more, the mean of the quantiles being linear in them.
//
// In the order in which an update sums the rows it has changed, tile by tile, so that a training
// goes on with the same bits when it is resumed and these sums are taken anew.
inline void sum_head(const Job& job, const float* weight, const float* bias,
                     const Derived& derived) {
  const ptrdiff_t n = job.head().inputs, stride = padded(n);
  for (ptrdiff_t a = 0; a < job.n_actions; ++a) {
    float* row = derived.q_rows + a * stride;
    for (ptrdiff_t k = 0; k < n; k += kLanes) {
      const ptrdiff_t lanes = n - k < kLanes ? n - k : kLanes;
      F total{};
      for (ptrdiff_t q0 = 0; q0 < job.n_quantiles; q0 += kTileRows) {
        F tile{};
        for (ptrdiff_t q = q0; q < q0 + kTileRows && q < job.n_quantiles; ++q) {
          tile += load_first(weight + (q * job.n_actions + a) * n + k, lanes);
        }
        total += tile;
      }
      store(row + k, total);
    }
  }
  sum_head_bias(job, bias, derived);
}
inline void pack_q(const Job& job, const Derived& derived) {
  const ptrdiff_t n = job.head().inputs;
  pack(derived.q_rows, padded(n), job.n_actions, n, derived.q.weight);
}

// Hidden layers for the rows of inputs[0].
inline void forward_hidden(const Job& job, const Derived& derived, float** inputs, ptrdiff_t rows) {
  with_activation(job.activation, [&](auto activation) {
    for (int l = 0; l <= job.last_hidden(); ++l) {
      const Layer& layer = job.layers[l];
      const Rows x{inputs[l], padded(layer.inputs)}, y{inputs[l + 1], padded(layer.outputs)};
      forward(x, 0, rows, layer.inputs, derived.hidden[l].weight, derived.hidden[l].bias,
              layer.outputs, y, activation);
    }
  });
}

// Greedy action of one row of values; as torch's argmax, the first of equals, and NaN above all.
inline std::int32_t argmax(const float* values, ptrdiff_t n) {
  std::int32_t best = 0;
  for (std::int32_t i = 1; i < n && values[best] == values[best]; ++i) {
    if (!(values[i] <= values[best])) best = i;
  }
  return best;
}
// Values, up to a common factor, of all actions for one more row after another.
inline void q_values(const Job& job, const Derived& derived, float** inputs, ptrdiff_t rows) {
  const ptrdiff_t n = job.head().inputs;
  forward(Rows{inputs[job.n_layers - 1], padded(n)}, 0, rows, n, derived.q.weight, derived.q.bias,
          job.n_actions, Rows{job.scratch.q, padded(job.n_actions)}, Identity{});
}

// Sums of each of n columns of a matrix with padded rows.
inline void column_sums(const float* rows, ptrdiff_t count, ptrdiff_t n, float* sums) {
  const ptrdiff_t stride = padded(n);
  for (ptrdiff_t k = 0; k < n; k += kLanes) {
    F total{};
    for (ptrdiff_t r = 0; r < count; ++r) total += load(rows + r * stride + k);
    store_first(sums + k, total, n - k < kLanes ? n - k : kLanes);
  }
}

// A tile of a weight's gradient, handed on to `use`; the sums over the tile's rows of what `use`
// returns are added to `totals`. Row r of the tile begins at weight[at + r * row_stride], and the
// last vector of a row has `last` lanes.
template <int rows, int width, class Use>
QWOP_LEARNER_INLINE void weight_tile(const float* dy, ptrdiff_t dy_stride, const float* x,
                                     ptrdiff_t x_stride, ptrdiff_t samples, ptrdiff_t at,
                                     ptrdiff_t row_stride, ptrdiff_t last, const Use& use_in_memory,
                                     float* totals) {
  F tile[rows][width] = {};
  outer_tile<rows, width>(dy, dy_stride, x, x_stride, samples, tile);
  const Use use = use_in_memory;  // a copy, which stays in registers
  F total[width] = {};
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < width - 1; ++c) {
      total[c] += use(at + r * row_stride + c * kLanes, tile[r][c], kLanes);
    }
    const ptrdiff_t end = at + r * row_stride + (width - 1) * kLanes;
    total[width - 1] +=
        last < kLanes ? use(end, tile[r][width - 1], last) : use(end, tile[r][width - 1], kLanes);
  }
#pragma GCC unroll 4
  for (int c = 0; c < width; ++c) {
    float* const to = totals + c * kLanes;
    store(to, load(to) + total[c]);
  }
}

// Some rows of a weight's gradient dy^T x, handed on to `use` tile by tile. Row r of dy^T is row
// r * row_step + first_row of the weight. The sums over all these rows of what `use` returns are
// added to `totals`, which is padded to whole vectors.
template <class Use>
inline void weight_gradient(const float* dy, ptrdiff_t dy_stride, ptrdiff_t rows, const float* x,
                            ptrdiff_t columns, ptrdiff_t samples, ptrdiff_t row_step,
                            ptrdiff_t first_row, const Use& use, float* totals) {
  const Panels panels(columns);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t column = panels.begin(p) * kLanes;
    const int width_here = panels.size(p);
    const ptrdiff_t left = columns - column - (width_here - 1) * kLanes;
    const ptrdiff_t last = left < kLanes ? left : kLanes;
    for (ptrdiff_t r0 = 0; r0 < rows; r0 += kTileRows) {
      const int rows_here = static_cast<int>(rows - r0 < kTileRows ? rows - r0 : kTileRows);
      with_constants(rows_here, width_here, [&](auto tile_rows, auto width) {
        weight_tile<decltype(tile_rows)::value, decltype(width)::value>(
            dy + r0, dy_stride, x + column, padded(columns), samples,
            (r0 * row_step + first_row) * columns + column, row_step * columns, last, use,
            totals + column);
      });
    }
  }
}

}  // namespace qwop::learner::QWOP_LEARNER_ISA
