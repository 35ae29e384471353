// The target rule of QR-DQN: the quantiles of the action that the target network likes best.
//
// A rule is a function that fills head_scratch.targets, a row for each transition, from
// pass.target_inputs[0]; the loss adds rewards and discounts. Another rule is another file like
// this and a choice in target_and_loss() of update.hpp.
#pragma once

#include "learner/qrdqn/network.hpp"

namespace qwop::learner::QWOP_ISA_NAMESPACE {

// Quantiles of the greedy next action of each transition, in head_scratch.targets.
inline void greedy_target(const Job& job) {
  const GreedyView& s = job.greedy;
  float** const inputs = job.pass.target_inputs;
  forward_hidden(job, job.target, inputs, job.batch.size);
  q_values(job, job.target, inputs, job.batch.size);
  // Sorted by greedy action, so that the rows of one action are multiplied together.
  for (ptrdiff_t a = 0; a <= job.n_actions; ++a) s.first[a] = 0;
  const auto greedy = [&](ptrdiff_t b) {
    return argmax(s.q + b * padded(job.n_actions), job.n_actions);
  };
  for (ptrdiff_t b = 0; b < job.batch.size; ++b) ++s.first[greedy(b)];
  std::int32_t begin = 0;
  for (ptrdiff_t a = 0; a <= job.n_actions; ++a) {
    const std::int32_t count = s.first[a];
    s.first[a] = begin;
    begin += count;
  }
  for (ptrdiff_t b = 0; b < job.batch.size; ++b) {
    s.order[s.first[greedy(b)]++] = static_cast<std::int32_t>(b);
  }
  // Each action's begin has moved to its end.
  const ptrdiff_t depth = job.head().inputs;
  const Rows x{inputs[job.n_layers - 1], padded(depth), s.order};
  const Rows y{job.head_scratch.targets, padded(job.n_quantiles), s.order};
  for (ptrdiff_t a = 0; a < job.n_actions; ++a) {
    const ptrdiff_t first = a > 0 ? s.first[a - 1] : 0;
    forward(x, first, s.first[a], depth, job.target.head[a].weight, job.target.head[a].bias,
            job.n_quantiles, y, Identity{});
  }
}

}  // namespace qwop::learner::QWOP_ISA_NAMESPACE
