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

// Calls f(column, lanes, part) likewise, with one of four parts as a constant: what is summed in
// as many parts does not wait for itself.
template <class Function>
QWOP_ALWAYS_INLINE void for_each_column_in_parts(ptrdiff_t n, const Function& f) {
  ptrdiff_t k = 0;
  for (; k + 4 * kLanes <= n; k += 4 * kLanes) {
    f(k, ptrdiff_t{kLanes}, Constant<0>{});
    f(k + kLanes, ptrdiff_t{kLanes}, Constant<1>{});
    f(k + 2 * kLanes, ptrdiff_t{kLanes}, Constant<2>{});
    f(k + 3 * kLanes, ptrdiff_t{kLanes}, Constant<3>{});
  }
  for (; k < n; k += kLanes) f(k, n - k < kLanes ? n - k : kLanes, Constant<0>{});
}

QWOP_ALWAYS_INLINE float sum_of_parts(const F (&parts)[4]) {
  return sum((parts[0] + parts[1]) + (parts[2] + parts[3]));
}

inline void refresh_norm(const LayerNorm& norm) {
  copy_padded(norm.gain.value, norm.gain.size, norm.packed_gain);
  copy_padded(norm.bias.value, norm.bias.size, norm.packed_bias);
}

// Zero behind the first lanes.
QWOP_ALWAYS_INLINE F first_of(F x, ptrdiff_t lanes) {
  return lanes == kLanes ? x
                         : select(lane_numbers() < splat(static_cast<std::int32_t>(lanes)), x, F{});
}

// Replaces the rows of x; columns behind the last become 0.
inline void forward_norm(const LayerNorm& norm, ptrdiff_t rows, float* x) {
  const ptrdiff_t n = norm.gain.size, stride = row_stride(n);
  const float share = 1.0f / static_cast<float>(n);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    float* const row = x + r * stride;
    float* const normalized = norm.normalized + r * stride;
    F totals[4]{}, squares[4]{};
    for_each_column_in_parts(n, [&](ptrdiff_t k, ptrdiff_t lanes, auto part) {
      totals[part.value] += first_of(load(row + k), lanes);
    });
    const F mean = splat(sum_of_parts(totals) * share);
    for_each_column_in_parts(n, [&](ptrdiff_t k, ptrdiff_t lanes, auto part) {
      const F difference = first_of(load(row + k) - mean, lanes);
      squares[part.value] = fma(difference, difference, squares[part.value]);
    });
    const float inverse = 1.0f / __builtin_sqrtf(sum_of_parts(squares) * share + kNormEpsilon);
    norm.inverse_deviation[r] = inverse;
    for_each_column_in_parts(n, [&](ptrdiff_t k, ptrdiff_t lanes, auto) {
      const F hat = first_of(load(row + k) - mean, lanes) * splat(inverse);
      store(normalized + k, hat);
      store(row + k, fma(load(norm.packed_gain + k), hat, load(norm.packed_bias + k)));
    });
  }
}

// The gradients of gain and bias, or what is added to them where not `fresh`; replaces the rows of
// dy, the gradient of the result, by that of the input.
inline void backward_norm(const LayerNorm& norm, ptrdiff_t rows, bool fresh, float* dy) {
  const ptrdiff_t n = norm.gain.size, stride = row_stride(n);
  if (fresh) {
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t) {
      store(norm.gain_gradient + k, F{});
      store(norm.bias_gradient + k, F{});
    });
  }
  const float share = 1.0f / static_cast<float>(n);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    float* const row = dy + r * stride;
    const float* const normalized = norm.normalized + r * stride;
    F totals[4]{}, along[4]{};
    for_each_column_in_parts(n, [&](ptrdiff_t k, ptrdiff_t lanes, auto part) {
      const F gradient = first_of(load(row + k), lanes), hat = load(normalized + k);
      store(norm.gain_gradient + k, fma(gradient, hat, load(norm.gain_gradient + k)));
      store(norm.bias_gradient + k, load(norm.bias_gradient + k) + gradient);
      const F scaled = gradient * load(norm.packed_gain + k);
      totals[part.value] += scaled;
      along[part.value] = fma(scaled, hat, along[part.value]);
    });
    const F mean = splat(sum_of_parts(totals) * share);
    const F slope = splat(sum_of_parts(along) * share);
    const F inverse = splat(norm.inverse_deviation[r]);
    for_each_column_in_parts(n, [&](ptrdiff_t k, ptrdiff_t, auto) {
      const F scaled = load(row + k) * load(norm.packed_gain + k);
      const F rest = fnma(load(normalized + k), slope, scaled - mean);
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
