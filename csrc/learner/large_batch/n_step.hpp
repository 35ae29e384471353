// n-step returns of drawn transitions, from the plain ring of a replay buffer.
#pragma once

#include <cstdint>
#include <vector>

#include "learner/qrdqn/replay.hpp"

namespace qwop::learner {

struct NStep {
  int n = 1;
  double gamma = 0.99;
  // Position last written: returns end there, since the next one is of another time.
  ptrdiff_t newest = 0;
};

// Transitions in the order of their actions.
struct Returns {
  std::vector<ptrdiff_t> first;  // offset of the transition in the buffer ...
  std::vector<ptrdiff_t> last;   // ... and of the one whose next observation is bootstrapped from
  std::vector<float> rewards;    // discounted and summed
  std::vector<float> discounts;  // of the bootstrap; 0 where the episode ended
  std::vector<std::int32_t> action_begins;  // n_actions + 1
  std::vector<std::int32_t> drawn;          // number among the drawn

  ptrdiff_t size() const { return static_cast<ptrdiff_t>(first.size()); }

  // As stable-baselines3's NStepReplayBuffer computes them. Throws std::invalid_argument for
  // transitions or actions that are not there.
  void compute(const Replay& replay, const Drawn& drawn, ptrdiff_t n_actions, const NStep& step);

 private:
  void sort(const Replay& replay, const Drawn& drawn, ptrdiff_t n_actions);
};

}  // namespace qwop::learner
