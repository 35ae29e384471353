#include "learner/qrdqn/replay.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "learner/check_size.hpp"

namespace qwop::learner {
namespace {

void prefetch(const float* from, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i += 16) __builtin_prefetch(from + i, 0, 2);
  __builtin_prefetch(from + n - 1, 0, 2);
}

}  // namespace

void Replay::check(ptrdiff_t observation_size) const {
  const auto holds = [](const char* name, auto array, ptrdiff_t expected) {
    check_size(name, static_cast<ptrdiff_t>(array.size()), expected);
  };
  const ptrdiff_t rows = positions * num_envs;
  holds("observations", observations, rows * observation_size);
  holds("next_observations", next_observations, rows * observation_size);
  holds("actions", actions, rows);
  holds("rewards", rewards, rows);
  holds("dones", dones, rows);
  holds("timeouts", timeouts, rows);
}

void Gatherer::sort_by_action(const Drawn& drawn, ptrdiff_t n_actions, std::int32_t* first) {
  const auto& [positions, games] = drawn;
  const std::int64_t* const actions = replay_.actions.data();
  std::fill_n(first, n_actions + 1, 0);
  const auto offset = [&](std::size_t i) {
    return drawn.positions[i] * replay_.num_envs + drawn.games[i];
  };
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] < 0 || positions[i] >= replay_.positions || games[i] < 0 ||
        games[i] >= replay_.num_envs) {
      throw std::invalid_argument("a transition outside the replay buffer was drawn");
    }
    __builtin_prefetch(actions + offset(i), 0, 2);
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const std::int64_t action = actions[offset(i)];
    if (action < 0 || action >= n_actions) {
      throw std::invalid_argument("the replay buffer holds the action " + std::to_string(action) +
                                  ", but there are " + std::to_string(n_actions));
    }
    ++first[action + 1];
  }
  for (ptrdiff_t a = 0; a < n_actions; ++a) first[a + 1] += first[a];
  order_.resize(positions.size());
  next_of_action_.assign(first, first + n_actions);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const ptrdiff_t at = offset(i);
    std::int32_t& next = next_of_action_[static_cast<std::size_t>(actions[at])];
    order_[static_cast<std::size_t>(next++)] = at;
  }
}

void Gatherer::copy_to(const Job& job, ptrdiff_t width, double gamma) const {
  const ptrdiff_t stride = padded(width);
  const float *const from = replay_.observations.data(),
                     *const next = replay_.next_observations.data(),
                     *const rewards = replay_.rewards.data(), *const dones = replay_.dones.data(),
                     *const timeouts = replay_.timeouts.data();
  const auto bytes = static_cast<std::size_t>(width) * sizeof(float);
  for (const ptrdiff_t at : order_) {
    prefetch(from + at * width, width);
    prefetch(next + at * width, width);
    __builtin_prefetch(rewards + at, 0, 2);
    __builtin_prefetch(dones + at, 0, 2);
    __builtin_prefetch(timeouts + at, 0, 2);
  }
  const auto discount = static_cast<float>(gamma);
  for (ptrdiff_t i = 0; i < job.batch.size; ++i) {
    const ptrdiff_t at = order_[static_cast<std::size_t>(i)];
    std::memcpy(job.pass.inputs[0] + i * stride, from + at * width, bytes);
    std::memcpy(job.pass.target_inputs[0] + i * stride, next + at * width, bytes);
    const float done = dones[at] * (1.0f - timeouts[at]);
    job.batch.rewards[i] = rewards[at];
    job.batch.discounts[i] = (1.0f - done) * discount;
  }
}

}  // namespace qwop::learner
