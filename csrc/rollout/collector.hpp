// One step of all environments with an epsilon-greedy actor, and its place in a replay buffer.
#pragma once

#include <cstdint>
#include <span>

#include "batch/batch_engine.hpp"
#include "learner/qrdqn/quantile_learner.hpp"
#include "rollout/random.hpp"

namespace qwop::rollout {

// What a step leaves behind, float32 rewards and ends as stable-baselines3 has them.
struct Played {
  std::span<float> rewards;
  std::span<bool> dones;
};

// A step in which no episode ended, on its way into the buffer.
struct Transitions {
  std::span<const float> observations, next_observations;
  std::span<const std::int64_t> actions;
  std::span<const float> rewards;
};

// All memory is the caller's and must outlive the collector. Arrays of the wrong size throw
// std::invalid_argument.
class Collector {
 public:
  // Results of each step: one number for each environment.
  Collector(batch::BatchEngine& engine, learner::QuantileLearner& learner,
            std::span<double> rewards, std::span<bool> terminated, std::span<bool> truncated);

  int num_envs() const { return engine_.options().games; }
  void bind_replay(const learner::Replay& replay);

  // Draws one number; whether the actor is to explore, with actions drawn at random.
  static bool explores(const BitGenerator& generator, double epsilon) {
    return generator.next_double(generator.state) < epsilon;
  }
  // Greedy actions for the observations of the last step.
  void act(std::span<const float> observations, std::span<std::int64_t> actions);
  // Takes the actions; returns how many episodes have ended. Throws std::invalid_argument for an
  // action out of range and batch::NotResetError before the first reset; nothing has moved then.
  int step(std::span<const std::int64_t> actions, std::span<float> next_observations,
           const Played& played, support::Interrupt& interrupt = support::Interrupt::none());
  // Writes a step into the buffer. Throws std::out_of_range where there is no such position.
  void store(std::ptrdiff_t position, const Transitions& transitions);

 private:
  void check_actions(std::span<const std::int64_t> actions) const;

  batch::BatchEngine& engine_;
  learner::QuantileLearner& learner_;
  std::span<double> rewards_;
  std::span<bool> terminated_, truncated_;
  learner::Replay replay_;
};

}  // namespace qwop::rollout
