// What quantiles are to become: those of the state that is bootstrapped from, greedy, chosen by
// double Q-learning or soft, with Munchausen's bonus.
#pragma once

#include <optional>

#include "learner/large_batch/slice.hpp"
#include "nn/linear.hpp"

namespace qwop::learner {

// The target is r + alpha * max(tau * log pi(a|s), clip) + discount * E_pi[Z - tau * log pi] for
// the policy pi = softmax(Q / tau) of the target network (Vieillard et al. 2020). With n-step
// returns the first step alone has the bonus.
struct Munchausen {
  double alpha = 0.9, tau = 0.03, clip = -1.0;
};

struct LargeBatchSettings {
  NStep n_step;
  bool double_q = false;
  std::optional<Munchausen> munchausen;
  std::optional<double> max_grad_norm;
  nn::AdamSettings adam;
};

// Fills slice.targets for the rows of a chunk.
void compute_targets(const Batch& batch, Slice& slice, const Chunk& chunk,
                     const LargeBatchSettings& settings);

}  // namespace qwop::learner
