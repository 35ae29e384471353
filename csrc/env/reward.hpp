// qwop-gym's reward, float for float: speed minus the cost of time, and a bonus or a penalty at the
// end. Its arithmetic mixes float32 and float64 as NumPy 1.26 did, which is kept.
#pragma once

namespace qwop::env {

struct RewardTerms {
  float speed_rew_mult = 0.01f;
  float time_cost_mult = 10.0f;
  float success_reward = 50.0f;
  float failure_cost = 10.0f;
  int frames_per_step = 1;
};

// Where the runner is: legacy time (clock / 10) and distance in meters, as float32.
struct Progress {
  float time = 0.0f, distance = 0.0f;
};

// The first step of an episode has no step before it: qwop-gym then subtracts the integer zero,
// which makes the whole computation float64.
inline double first_step_reward(const RewardTerms& terms, Progress now) {
  const double ds = now.distance, dt = now.time;
  return ds / dt * terms.speed_rew_mult - dt * terms.time_cost_mult / terms.frames_per_step;
}

inline double step_reward(const RewardTerms& terms, Progress now, Progress before) {
  const float ds = now.distance - before.distance;
  const float dt = now.time - before.time;
  const float speed = ds / dt * terms.speed_rew_mult;
  const float cost = dt * terms.time_cost_mult;
  return static_cast<double>(speed) - static_cast<double>(cost) / terms.frames_per_step;
}

inline double end_reward(const RewardTerms& terms, bool success) {
  return success ? static_cast<double>(terms.success_reward)
                 : -static_cast<double>(terms.failure_cost);
}

}  // namespace qwop::env
