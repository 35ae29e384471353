// The head of QR-DQN's network, one action after the other: quantiles, loss and gradients.
#pragma once

#include "learner/qrdqn/network.hpp"
#include "learner/qrdqn/quantile_loss.hpp"
#include "nn/weight_gradient.hpp"

namespace qwop::learner::QWOP_ISA_NAMESPACE {

// Quantiles of one action for its transitions. The head's weights change with every update, so they
// are packed here, a panel at a time, while they are in the first-level cache.
inline void current_quantiles(const Job& job, ptrdiff_t action) {
  const HeadView& s = job.head_scratch;
  const nn::Linear& head = job.head();
  const ptrdiff_t begin = job.batch.first[action], end = job.batch.first[action + 1];
  const Rows x{job.pass.inputs[job.n_layers - 1], padded(head.inputs)};
  const Rows y{s.current, padded(job.n_quantiles)};
  take_strided(head.bias.value + action, job.n_actions, job.n_quantiles, s.bias);
  const Panels panels(job.n_quantiles);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    pack_panel(head.weight.value + (first * job.n_actions + action) * head.inputs,
               job.n_actions * head.inputs, job.n_quantiles - first, head.inputs, panels.size(p),
               s.panel);
    forward_panel(x, begin, end, head.inputs, s.panel, panels.size(p), s.bias, y, first,
                  Identity{});
  }
}

// Turns the current quantiles of transitions begin to end into gradients; returns their loss.
inline double quantile_losses(const Job& job, ptrdiff_t begin, ptrdiff_t end, F& flaw) {
  const HeadView& s = job.head_scratch;
  const ptrdiff_t n = job.n_quantiles, stride = padded(n), size = sorted_size(n);
  const float scale = static_cast<float>(job.loss_scale) / static_cast<float>(job.batch.size * n);
  double loss = 0.0;
  for (ptrdiff_t b = begin; b < end; ++b) {
    const ptrdiff_t lane = b % kLanes;
    if (lane == 0) {
      flaw = sort_targets(s.targets + b * stride, stride, n, job.batch.rewards + b,
                          job.batch.discounts + b, job.loss.lanes, job.loss.sorted);
    }
    float* row = s.current + b * stride;
    if (flaw[lane] == 0.0f && all_finite(row, n)) {
      loss += quantile_loss_row(row, job.loss.sorted + lane * size, n, job.loss.tau, job.loss.rest,
                                scale, {job.loss.values, job.loss.squares, job.loss.counts});
    } else {  // a diverged network: the sums over pairs are NaN
      for (ptrdiff_t i = 0; i < stride; ++i) row[i] = __builtin_nanf("");
      loss = __builtin_nan("");
    }
  }
  return loss;
}

inline constexpr ptrdiff_t kCachedFloats =
    4096;  // a third of a first-level cache, next to Adam's state
inline ptrdiff_t min_of(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
inline ptrdiff_t max_of(ptrdiff_t a, ptrdiff_t b) { return a < b ? b : a; }

// One action's part of the head: quantiles, loss, gradients; `use` takes the weights' gradients.
template <class Use>
inline double head_of_action(Job& job, ptrdiff_t action, F& flaw, const Use& use, float* totals) {
  const HeadView& s = job.head_scratch;
  const nn::Linear& head = job.head();
  const ptrdiff_t begin = job.batch.first[action], count = job.batch.first[action + 1] - begin;
  const ptrdiff_t n = job.n_quantiles, depth = head.inputs;
  double loss = 0.0;
  if (count > 0) {
    current_quantiles(job, action);
    job.timing.end_of(kForward);
    loss = quantile_losses(job, begin, begin + count, flaw);
    job.timing.end_of(kLoss);
  }
  float* const gradient = s.current + begin * padded(n);
  for (ptrdiff_t k = 0; k < padded(depth); k += kLanes) store(totals + k, F{});
  // As many rows of the weight at a time as stay in the first-level cache between their two uses.
  const ptrdiff_t chunk = max_of(kTileRows, kCachedFloats / depth / kTileRows * kTileRows);
  for (ptrdiff_t q = 0; q < n; q += chunk) {
    const ptrdiff_t rows = min_of(chunk, n - q);
    if (job.n_layers > 1 && count > 0) {
      backward(Rows{s.current + q, padded(n)}, begin, begin + count, rows,
               head.weight.value + (q * job.n_actions + action) * depth, job.n_actions * depth,
               depth, q == 0, Rows{job.pass.gradients[job.n_layers - 1], padded(depth)});
      job.timing.end_of(kBackward);
    }
    weight_gradient(gradient + q, padded(n), rows,
                    job.pass.inputs[job.n_layers - 1] + begin * padded(depth), depth, count,
                    job.n_actions, q * job.n_actions + action, use, totals);
    job.timing.end_of(kWeights);
  }
  column_sums(gradient, count, n, s.bias);
  put_strided(s.bias, n, s.bias_gradient + action, job.n_actions);
  job.timing.end_of(kWeights);
  return loss;
}

}  // namespace qwop::learner::QWOP_ISA_NAMESPACE
