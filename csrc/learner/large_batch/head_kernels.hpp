// The kernels of head.hpp, compiled once for each instruction set.
#pragma once

#include "learner/large_batch/head.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear_kernels.hpp"

namespace qwop::learner::QWOP_ISA_NAMESPACE {
namespace {

using namespace nn::QWOP_ISA_NAMESPACE;
using nn::row_stride;

// Means of the head's rows over the quantiles of each action.
void fold_head(const Head& head) {
  const ptrdiff_t n = head.n_actions, width = head.inputs;
  const float share = 1.0f / static_cast<float>(head.n_quantiles);
  for (ptrdiff_t a = 0; a < n; ++a) {
    for_each_column(width, [&](ptrdiff_t k, ptrdiff_t lanes) {
      F total{};
      for (ptrdiff_t q = 0; q < head.n_quantiles; ++q) {
        total += load_first(head.weight.value + (q * n + a) * width + k, lanes);
      }
      store_first(head.mean_rows + a * width + k, total * splat(share), lanes);
    });
    float total = 0.0f;
    for (ptrdiff_t q = 0; q < head.n_quantiles; ++q) total += head.bias.value[q * n + a];
    head.mean_bias[a] = total * share;
  }
  pack_transposed(head.mean_rows, width, n, width, head.mean.weight);
  copy_padded(head.mean_bias, n, head.mean.bias);
}

void head_refresh(const Head& head) {
  const ptrdiff_t n = head.n_actions, width = head.inputs;
  for (ptrdiff_t a = 0; a < n; ++a) {
    const float* const weight = head.weight.value + a * width;
    pack_transposed(weight, n * width, head.n_quantiles, width, head.actions[a].weight);
    pack_rows(weight, n * width, head.n_quantiles, width, head.backward[a]);
    for (ptrdiff_t q = 0; q < head.n_quantiles; ++q) {
      head.actions[a].bias[q] = head.bias.value[q * n + a];
    }
  }
  fold_head(head);
}

void head_quantiles(const Head& head, ptrdiff_t action, const float* x, ptrdiff_t rows, float* y) {
  const nn::PackedLinear& packed = head.actions[action];
  gemm(ByRows{x, row_stride(head.inputs)}, rows, head.inputs, Packed{packed.weight},
       head.n_quantiles, FromBias{packed.bias}, y, row_stride(head.n_quantiles));
}

void head_means(const Head& head, const float* x, ptrdiff_t rows, float* y) {
  gemm(ByRows{x, row_stride(head.inputs)}, rows, head.inputs, Packed{head.mean.weight},
       head.n_actions, FromBias{head.mean.bias}, y, row_stride(head.n_actions));
}

void head_backward(const Head& head, ptrdiff_t action, const float* dy, ptrdiff_t rows, float* dx) {
  gemm(ByRows{dy, row_stride(head.n_quantiles)}, rows, head.n_quantiles,
       Packed{head.backward[action]}, head.inputs, FromZero{}, dx, row_stride(head.inputs));
}

void head_gradients(const Head& head, ptrdiff_t action, const float* x, const float* dy,
                    ptrdiff_t rows, float* weight, float* bias) {
  const ptrdiff_t n = head.n_actions, stride = row_stride(head.inputs);
  const ptrdiff_t dy_stride = row_stride(head.n_quantiles);
  gemm(ByColumns{dy, dy_stride}, head.n_quantiles, rows, Plain{x, stride}, head.inputs,
       FromResult{}, weight + action * stride, n * stride);
  for (ptrdiff_t q = 0; q < head.n_quantiles; ++q) {
    float total = bias[q * n + action];
    for (ptrdiff_t r = 0; r < rows; ++r) total += dy[r * dy_stride + q];
    bias[q * n + action] = total;
  }
}

// A NaN among the numbers becomes one in loss and gradients: the order of min and max keeps it.
double quantile_huber(ptrdiff_t rows, ptrdiff_t n, const float* tau, const float* targets,
                      float scale, const float* importance, float* quantiles, float* errors) {
  const ptrdiff_t stride = row_stride(n);
  double loss = 0.0;
  for (ptrdiff_t r = 0; r < rows; ++r) {
    float* const row = quantiles + r * stride;
    const float* const target = targets + r * stride;
    const float weight = importance ? importance[r] : 1.0f;
    F total{};
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t lanes) {
      const F current = load_first(row + k, lanes), t = load_first(tau + k, lanes);
      const F rest = splat(1.0f) - t;
      F gradient{}, losses{};
      for (ptrdiff_t j = 0; j < n; ++j) {
        const F d = splat(target[j]) - current;
        const F clipped = min(splat(1.0f), max(splat(-1.0f), d));
        const F part = select(d < F{}, rest, t) * clipped;
        gradient -= part;
        losses = fma(part, fnma(splat(0.5f), clipped, d), losses);
      }
      store(row + k, F{});
      store_first(row + k, gradient * splat(scale * weight), lanes);
      const I number = lane_numbers() + splat(static_cast<std::int32_t>(k));
      total += select(number < splat(static_cast<std::int32_t>(n)), losses, F{});
    });
    const float here = sum(total);
    errors[r] = here;
    loss += static_cast<double>(weight * here);
  }
  return loss;
}

void add_scaled(ptrdiff_t rows, ptrdiff_t n, const float* factors, const float* offsets,
                ptrdiff_t step, const float* x, float* y) {
  const ptrdiff_t stride = row_stride(n);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const F factor = splat(factors[r * step]), offset = splat(offsets[r * step]);
    for_each_column(n, [&](ptrdiff_t k, ptrdiff_t) {
      float* const to = y + r * stride + k;
      store(to, fma(factor, load(x + r * stride + k) + offset, load(to)));
    });
  }
}

constexpr HeadKernels kHeadKernels{head_refresh,   head_quantiles, head_means, head_backward,
                                   head_gradients, quantile_huber, add_scaled};

}  // namespace
}  // namespace qwop::learner::QWOP_ISA_NAMESPACE
