#include "rollout/collector.hpp"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>

#include "learner/check_size.hpp"

namespace qwop::rollout {
namespace {

constexpr std::ptrdiff_t kWidth = env::kObservationSize;

template <class T>
void check_size(const char* name, std::span<T> array, std::ptrdiff_t expected) {
  learner::check_size(name, static_cast<std::ptrdiff_t>(array.size()), expected);
}

}  // namespace

Collector::Collector(batch::BatchEngine& engine, learner::QuantileLearner& learner,
                     std::span<double> rewards, std::span<bool> terminated,
                     std::span<bool> truncated)
    : engine_(engine),
      learner_(learner),
      rewards_(rewards),
      terminated_(terminated),
      truncated_(truncated) {
  check_size("rewards", rewards_, num_envs());
  check_size("terminated", terminated_, num_envs());
  check_size("truncated", truncated_, num_envs());
  if (learner_.observation_size() != kWidth) {
    throw std::invalid_argument("the learner's observations are not the engine's");
  }
}

void Collector::bind_replay(const learner::Replay& replay) {
  replay.check(kWidth);
  replay_ = replay;
}

void Collector::act(std::span<const float> observations, std::span<std::int64_t> actions) {
  check_size("observations", observations, num_envs() * kWidth);
  check_size("actions", actions, num_envs());
  learner_.act(observations.data(), num_envs(), actions.data());
}

void Collector::check_actions(std::span<const std::int64_t> actions) const {
  check_size("actions", actions, num_envs());
  const auto count = static_cast<std::int64_t>(engine_.options().episode.action_keys.size());
  if (std::ranges::any_of(actions, [&](auto a) { return a < 0 || a >= count; })) {
    throw std::invalid_argument("actions must be in 0.." + std::to_string(count - 1));
  }
}

int Collector::step(std::span<const std::int64_t> actions, std::span<float> next_observations,
                    const Played& played, support::Interrupt& interrupt) {
  check_actions(actions);
  check_size("next_observations", next_observations, num_envs() * kWidth);
  {
    const std::lock_guard turn(engine_.mutex());
    engine_.require_ready();
    engine_.step(actions.data(),
                 {next_observations.data(), rewards_.data(), terminated_.data(), truncated_.data()},
                 interrupt);
  }
  int ended = 0;
  for (std::size_t i = 0; i < rewards_.size(); ++i) {
    played.rewards[i] = static_cast<float>(rewards_[i]);
    played.dones[i] = terminated_[i] || truncated_[i];
    ended += played.dones[i] ? 1 : 0;
  }
  return ended;
}

void Collector::store(std::ptrdiff_t position, const Transitions& transitions) {
  if (position < 0 || position >= replay_.positions) {
    throw std::out_of_range("there is no position " + std::to_string(position) + " in the buffer");
  }
  const std::ptrdiff_t rows = num_envs(), first = position * rows;
  check_size("observations", transitions.observations, rows * kWidth);
  check_size("next_observations", transitions.next_observations, rows * kWidth);
  check_size("actions", transitions.actions, rows);
  check_size("rewards", transitions.rewards, rows);
  std::ranges::copy(transitions.observations, replay_.observations.begin() + first * kWidth);
  std::ranges::copy(transitions.next_observations,
                    replay_.next_observations.begin() + first * kWidth);
  std::ranges::copy(transitions.actions, replay_.actions.begin() + first);
  std::ranges::copy(transitions.rewards, replay_.rewards.begin() + first);
  std::fill_n(replay_.dones.begin() + first, rows, 0.0f);
  std::fill_n(replay_.timeouts.begin() + first, rows, 0.0f);
}

}  // namespace qwop::rollout
