#include "learner/large_batch/targets.hpp"

#include <algorithm>
#include <cmath>

#include "learner/large_batch/greatest.hpp"

namespace qwop::learner {
namespace {

using nn::row_stride;

float* output_of(nn::MlpMemory& memory) { return memory.output_row(0); }

// The target network's quantiles of the action that it, or the online network, likes best.
void greedy_targets(const Batch& batch, Slice& slice, const Chunk& chunk, bool double_q) {
  const HeadKernels& head = batch.kernels.head;
  batch.write_inputs(slice.target, batch.replay.next_observations.data(), batch.returns.last,
                     chunk);
  batch.kernels.mlp.forward(slice.target.mlp(), chunk.rows);
  if (double_q) {
    batch.write_inputs(slice.online, batch.replay.next_observations.data(), batch.returns.last,
                       chunk);
    batch.kernels.mlp.forward(slice.online.mlp(), chunk.rows);
    head.means(batch.online.head(), output_of(slice.online), chunk.rows, slice.q.get());
  } else {
    head.means(batch.target.head(), output_of(slice.target), chunk.rows, slice.q.get());
  }
  const ptrdiff_t n = batch.shape.n_actions, width = row_stride(batch.shape.hidden.back());
  const ptrdiff_t stride = row_stride(batch.shape.n_quantiles);
  for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
    slice.chosen[static_cast<std::size_t>(r)] = argmax(slice.q.get() + r * row_stride(n), n);
    slice.bonus.get()[r] = 0.0f;
  }
  // The rows of one action are multiplied together.
  for (std::int32_t a = 0; a < n; ++a) {
    ptrdiff_t rows = 0;
    for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
      if (slice.chosen[static_cast<std::size_t>(r)] != a) continue;
      std::copy_n(slice.target.output_row(r), width, slice.chosen_inputs.get() + rows * width);
      slice.order[static_cast<std::size_t>(rows++)] = static_cast<std::int32_t>(r);
    }
    if (rows == 0) continue;
    head.quantiles(batch.target.head(), a, slice.chosen_inputs.get(), rows, slice.others.get());
    for (ptrdiff_t i = 0; i < rows; ++i) {
      const ptrdiff_t to = slice.order[static_cast<std::size_t>(i)];
      std::copy_n(slice.others.get() + i * stride, stride, slice.targets.get() + to * stride);
    }
  }
}

// softmax(q / tau) and tau times its logarithm, for the rows of slice.q.
void soft_policy(const Batch& batch, Slice& slice, ptrdiff_t rows, double tau) {
  const ptrdiff_t n = batch.shape.n_actions, stride = row_stride(n);
  const auto temperature = static_cast<float>(tau), inverse = 1.0f / temperature;
  float* const scaled = slice.log_policy.get();
  for (ptrdiff_t i = 0; i < rows * stride; ++i) scaled[i] = slice.q.get()[i] * inverse;
  batch.kernels.mlp.exponentials(scaled, rows, n, slice.policy.get(), slice.greatest.get());
  for (ptrdiff_t r = 0; r < rows; ++r) {
    float* const policy = slice.policy.get() + r * stride;
    float total = 0.0f;
    for (ptrdiff_t a = 0; a < n; ++a) total += policy[a];
    const float shift = slice.greatest.get()[r] + std::log(total);
    for (ptrdiff_t a = 0; a < n; ++a) {
      policy[a] /= total;
      scaled[r * stride + a] = temperature * (scaled[r * stride + a] - shift);
    }
  }
}

void munchausen_targets(const Batch& batch, Slice& slice, const Chunk& chunk,
                        const Munchausen& munchausen) {
  const HeadKernels& head = batch.kernels.head;
  const ptrdiff_t n = batch.shape.n_actions, stride = row_stride(n);
  // The bonus of the action taken, from the state it was taken in.
  batch.write_inputs(slice.target, batch.replay.observations.data(), batch.returns.first, chunk);
  batch.kernels.mlp.forward(slice.target.mlp(), chunk.rows);
  head.means(batch.target.head(), output_of(slice.target), chunk.rows, slice.q.get());
  soft_policy(batch, slice, chunk.rows, munchausen.tau);
  batch.for_each_action(chunk, [&](ptrdiff_t action, ptrdiff_t first, ptrdiff_t rows) {
    for (ptrdiff_t r = first; r < first + rows; ++r) {
      const float log_policy = slice.log_policy.get()[r * stride + action];
      slice.bonus.get()[r] = static_cast<float>(munchausen.alpha) *
                             std::clamp(log_policy, static_cast<float>(munchausen.clip), 0.0f);
    }
  });
  // The expectation over the actions in the state that is bootstrapped from.
  batch.write_inputs(slice.target, batch.replay.next_observations.data(), batch.returns.last,
                     chunk);
  batch.kernels.mlp.forward(slice.target.mlp(), chunk.rows);
  head.means(batch.target.head(), output_of(slice.target), chunk.rows, slice.q.get());
  soft_policy(batch, slice, chunk.rows, munchausen.tau);
  for (ptrdiff_t i = 0; i < chunk.rows * stride; ++i) slice.log_policy.get()[i] *= -1.0f;
  const ptrdiff_t quantiles = chunk.rows * row_stride(batch.shape.n_quantiles);
  std::fill_n(slice.targets.get(), quantiles, 0.0f);
  for (ptrdiff_t a = 0; a < n; ++a) {
    head.quantiles(batch.target.head(), a, output_of(slice.target), chunk.rows, slice.others.get());
    head.add_scaled(chunk.rows, batch.shape.n_quantiles, slice.policy.get() + a,
                    slice.log_policy.get() + a, stride, slice.others.get(), slice.targets.get());
  }
}

}  // namespace

void compute_targets(const Batch& batch, Slice& slice, const Chunk& chunk,
                     const LargeBatchSettings& settings) {
  if (settings.munchausen) {
    munchausen_targets(batch, slice, chunk, *settings.munchausen);
  } else {
    greedy_targets(batch, slice, chunk, settings.double_q);
  }
  const ptrdiff_t stride = row_stride(batch.shape.n_quantiles);
  for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
    const auto i = static_cast<std::size_t>(chunk.begin + r);
    const float reward = batch.returns.rewards[i] + slice.bonus.get()[r];
    float* const row = slice.targets.get() + r * stride;
    for (ptrdiff_t j = 0; j < batch.shape.n_quantiles; ++j) {
      row[j] = reward + batch.returns.discounts[i] * row[j];
    }
  }
}

}  // namespace qwop::learner
