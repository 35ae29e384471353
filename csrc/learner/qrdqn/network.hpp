// The hidden layers and the greedy actions of QR-DQN's networks, and the layouts they read.
#pragma once

#include "learner/qrdqn/job.hpp"
#include "nn/activation.hpp"
#include "nn/small_gemm.hpp"

namespace qwop::learner::QWOP_ISA_NAMESPACE {

using namespace nn::QWOP_ISA_NAMESPACE;

// One action's entries of the head's bias, or their gradient back into place.
inline void take_strided(const float* from, ptrdiff_t stride, ptrdiff_t n, float* to) {
  for (ptrdiff_t i = 0; i < n; ++i) to[i] = from[i * stride];
}
inline void put_strided(const float* from, ptrdiff_t n, float* to, ptrdiff_t stride) {
  for (ptrdiff_t i = 0; i < n; ++i) to[i * stride] = from[i];
}

inline void pack_layer(const nn::Linear& layer, const nn::PackedLinear& packed) {
  pack(layer.weight.value, layer.inputs, layer.outputs, layer.inputs, packed.weight);
  copy_padded(layer.bias.value, layer.outputs, packed.bias);
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
inline void sum_head(const Job& job, const nn::Linear& head, const Derived& derived) {
  const float* const weight = head.weight.value;
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
  sum_head_bias(job, head.bias.value, derived);
}
inline void pack_q(const Job& job, const Derived& derived) {
  const ptrdiff_t n = job.head().inputs;
  pack(derived.q_rows, padded(n), job.n_actions, n, derived.q.weight);
}

// Hidden layers for the rows of inputs[0].
inline void forward_hidden(const Job& job, const Derived& derived, float** inputs, ptrdiff_t rows) {
  with_activation(job.activation, [&](auto activation) {
    for (int l = 0; l <= job.last_hidden(); ++l) {
      const nn::Linear& layer = job.layers[l];
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
          job.n_actions, Rows{job.greedy.q, padded(job.n_actions)}, Identity{});
}

}  // namespace qwop::learner::QWOP_ISA_NAMESPACE
