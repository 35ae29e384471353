// Drawn transitions on their way from the replay buffer into a batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learner/qrdqn/job.hpp"

namespace qwop::learner {

// Transitions as stable-baselines3's ReplayBuffer holds them: arrays over (position, environment).
struct Replay {
  const float* observations = nullptr;
  const float* next_observations = nullptr;
  const std::int64_t* actions = nullptr;
  const float* rewards = nullptr;
  const float* dones = nullptr;
  const float* timeouts = nullptr;
  ptrdiff_t positions = 0, num_envs = 0;
};

// The transitions at (positions[i], games[i]).
struct Drawn {
  std::span<const std::int64_t> positions, games;
};

// Gathers batches from a replay buffer, sorted by action.
class Gatherer {
 public:
  void bind(const Replay& replay) { replay_ = replay; }
  bool is_bound() const { return replay_.observations != nullptr; }

  // Offsets of the drawn transitions in the buffer, sorted by action and otherwise as drawn, and in
  // `first`, n_actions + 1, where each action's begin. Throws std::invalid_argument for transitions
  // or actions that are not there.
  void sort_by_action(const Drawn& drawn, ptrdiff_t n_actions, std::int32_t* first);
  // Observations, rewards and discounts of the transitions last sorted.
  void copy_to(const Job& job, ptrdiff_t observation_size, double gamma) const;

 private:
  Replay replay_;
  std::vector<ptrdiff_t> order_;  // offsets into the replay of a batch, sorted by action
  std::vector<std::int32_t> next_of_action_;
};

}  // namespace qwop::learner
