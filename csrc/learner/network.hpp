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
  pack(target ? layer.target_weight : layer.weight.value, layer.inputs, layer.outputs,
       layer.inputs, packed.weight);
  copy_padded(target ? layer.target_bias : layer.bias.value, layer.outputs, packed.bias);
}

// The head's rows and biases summed over the quantiles of each action: its greedy action needs no
// more, the mean of the quantiles being linear in them.
inline void sum_head(const Job& job, const float* weight, const float* bias, Derived& derived) {
  const ptrdiff_t n = job.head().inputs, stride = padded(n);
  for (ptrdiff_t a = 0; a < job.n_actions; ++a) {
    float* row = derived.q_rows + a * stride;
    for (ptrdiff_t k = 0; k < n; k += kLanes) {
      const ptrdiff_t lanes = n - k < kLanes ? n - k : kLanes;
      F total{};
      for (ptrdiff_t q = 0; q < job.n_quantiles; ++q) {
        total += load_first(weight + (q * job.n_actions + a) * n + k, lanes);
      }
      store(row + k, total);
    }
  }
  for (ptrdiff_t a = 0; a < job.n_actions; ++a) derived.q.bias[a] = 0.0f;
  for (ptrdiff_t i = 0; i < job.head().outputs; ++i) {
    derived.q.bias[i % job.n_actions] += bias[i];
  }
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

// Some rows of a weight's gradient dy^T x, handed on to `use` tile by tile. Row r of dy^T is row
// r * row_step + first_row of the weight. Where `totals` is given, the sum over all rows of what
// `use` returns is left there.
template <class Use>
inline void weight_gradient(const float* dy, ptrdiff_t dy_stride, ptrdiff_t rows, const float* x,
                            ptrdiff_t columns, ptrdiff_t samples, ptrdiff_t row_step,
                            ptrdiff_t first_row, const Use& use, float* totals) {
  const Panels panels(columns);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t column = panels.begin(p) * kLanes;
    const int width_here = panels.width(p);
    F total[kTileVectors] = {};
    for (ptrdiff_t r0 = 0; r0 < rows; r0 += kTileRows) {
      const int rows_here = static_cast<int>(rows - r0 < kTileRows ? rows - r0 : kTileRows);
      with_constants(rows_here, width_here, [&](auto rows_constant, auto width_constant) {
        constexpr int tile_rows = decltype(rows_constant)::value;
        constexpr int width = decltype(width_constant)::value;
        F tile[tile_rows][width] = {};
        outer_tile<tile_rows, width>(dy + r0, dy_stride, x + column, padded(columns), samples,
                                     tile);
        const ptrdiff_t left = columns - column - (width - 1) * kLanes;
#pragma GCC unroll 4
        for (int r = 0; r < tile_rows; ++r) {
          const ptrdiff_t at = ((r0 + r) * row_step + first_row) * columns + column;
#pragma GCC unroll 4
          for (int c = 0; c < width - 1; ++c) {
            total[c] += use(at + c * kLanes, tile[r][c], kLanes);
          }
          const ptrdiff_t end = at + (width - 1) * kLanes;
          total[width - 1] += left < kLanes ? use(end, tile[r][width - 1], left)
                                            : use(end, tile[r][width - 1], kLanes);
        }
      });
    }
    if (totals) {
      for (int c = 0; c < width_here; ++c) store(totals + column + c * kLanes, total[c]);
    }
  }
}

}  // namespace qwop::learner::QWOP_LEARNER_ISA
