// The replay buffer, and drawn transitions on their way from it into a batch. Whatever else a batch
// is to be made of (returns of several steps, priorities) belongs to the Gatherer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learner/qrdqn/job.hpp"

namespace qwop::learner {

// Transitions as stable-baselines3's ReplayBuffer holds them: arrays over (position, environment).
struct Replay {
  std::span<float> observations, next_observations;
  std::span<std::int64_t> actions;
  std::span<float> rewards, dones, timeouts;
  ptrdiff_t positions = 0, num_envs = 0;

  // Throws std::invalid_argument where an array is not of the size that it must have.
  void check(ptrdiff_t observation_size) const;
};

// The transitions at (positions[i], games[i]).
struct Drawn {
  std::span<const std::int64_t> positions, games;
};

// Gathers batches from a replay buffer, sorted by action.
class Gatherer {
 public:
  void bind(const Replay& replay) { replay_ = replay; }
  bool is_bound() const { return !replay_.observations.empty(); }

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
