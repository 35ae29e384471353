// Layer norm, y = gain * (x - mean) / sqrt(variance + epsilon) + bias over the columns of each row,
// and its gradients.
#pragma once

#include "nn/adam.hpp"
#include "nn/mlp.hpp"
#include "nn/tiles.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

inline constexpr float kNormEpsilon = 1e-5f;  // torch's

// Calls f(column, lanes) for each vector of a row of n columns.
template <class Function>
QWOP_ALWAYS_INLINE void for_each_column(ptrdiff_t n, const Function& f) {
  for (ptrdiff_t k = 0; k < n; k += kLanes) f(k, n - k < kLanes ? n - k : kLanes);
}

inline void refresh_norm(const LayerNorm& norm) {
  copy_padded(norm.gain.value, norm.gain.size, norm.packed_gain);
  copy_padded(norm.bias.value, norm.bias.size, norm.packed_bias);
}

// Replaces the rows of x; columns behind the last become 0.
inline void forward_norm(const LayerNorm& norm, ptrdiff_t rows, float* x) {
  const ptrdiff_t n = norm.gain.size, stride = row_stride(n);
  const float share = 1.0f / static_cast<float>(n);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    float* const row = x + r * stride;
    float* const normalized = norm.normalized + r * stride;
    F total{};
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t lanes) { total += load_first(row + k, lanes); });
    const F mean = splat(sum(total) * share);
    F squares{};
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t lanes) {
      store(normalized + k, F{});
      store_first(normalized + k, load_first(row + k, lanes) - mean, lanes);
      const F difference = load(normalized + k);
      squares = fma(difference, difference, squares);
    });
    const float inverse = 1.0f / __builtin_sqrtf(sum(squares) * share + kNormEpsilon);
    norm.inverse_deviation[r] = inverse;
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t) {
      const F hat = load(normalized + k) * splat(inverse);
      store(normalized + k, hat);
      store(row + k, fma(load(norm.packed_gain + k), hat, load(norm.packed_bias + k)));
    });
  }
}

// The gradients of gain and bias, or what is added to them where not `fresh`; replaces the rows of
// dy, the gradient of the result, by that of the input.
inline void backward_norm(const LayerNorm& norm, ptrdiff_t rows, bool fresh, float* dy) {
  const ptrdiff_t n = norm.gain.size, stride = row_stride(n);
  for_each_column(n, [&](ptrdiff_t k, ptrdiff_t) {
    F gain = fresh ? F{} : load(norm.gain_gradient + k);
    F bias = fresh ? F{} : load(norm.bias_gradient + k);
    for (ptrdiff_t r = 0; r < rows; ++r) {
      const F gradient = load(dy + r * stride + k);
      gain = fma(gradient, load(norm.normalized + r * stride + k), gain);
      bias += gradient;
    }
    store(norm.gain_gradient + k, gain);
    store(norm.bias_gradient + k, bias);
  });
  const float share = 1.0f / static_cast<float>(n);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    float* const row = dy + r * stride;
    const float* const normalized = norm.normalized + r * stride;
    F total{}, along{};
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t lanes) {
      const F scaled = load_first(row + k, lanes) * load(norm.packed_gain + k);
      store(row + k, scaled);
      total += scaled;
      along = fma(scaled, load(normalized + k), along);
    });
    const F mean = splat(sum(total) * share), slope = splat(sum(along) * share);
    const F inverse = splat(norm.inverse_deviation[r]);
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t) {
      const F rest = fnma(load(normalized + k), slope, load(row + k) - mean);
      store(row + k, rest * inverse);
    });
  }
}

inline void add_norm_gradients(const LayerNorm& to, const LayerNorm& from) {
  for_each_column(to.gain.size, [&](ptrdiff_t k, ptrdiff_t) {
    store(to.gain_gradient + k, load(to.gain_gradient + k) + load(from.gain_gradient + k));
    store(to.bias_gradient + k, load(to.bias_gradient + k) + load(from.bias_gradient + k));
  });
}

inline void update_norm(const LayerNorm& norm, const AdamSettings& settings, float scale) {
  with_adam(settings, norm.gain,
            [&](auto rule) { adam_update(rule, norm.gain, norm.gain_gradient, scale); });
  with_adam(settings, norm.bias,
            [&](auto rule) { adam_update(rule, norm.bias, norm.bias_gradient, scale); });
}

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
