#include "learner/large_batch/n_step.hpp"

#include <stdexcept>
#include <string>

namespace qwop::learner {

// Counting sort by action, those of one action in the order in which they were drawn.
void Returns::sort(const Replay& replay, const Drawn& transitions, ptrdiff_t n_actions) {
  const auto& [positions, games] = transitions;
  if (positions.size() != games.size() || positions.empty()) {
    throw std::invalid_argument("positions and games must be of the same size, 1 or more");
  }
  std::vector<std::int64_t> actions(positions.size());
  action_begins.assign(static_cast<std::size_t>(n_actions) + 1, 0);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] < 0 || positions[i] >= replay.positions || games[i] < 0 ||
        games[i] >= replay.num_envs) {
      throw std::invalid_argument("a transition outside the replay buffer was drawn");
    }
    actions[i] =
        replay.actions[static_cast<std::size_t>(positions[i] * replay.num_envs + games[i])];
    if (actions[i] < 0 || actions[i] >= n_actions) {
      throw std::invalid_argument("the replay buffer holds the action " +
                                  std::to_string(actions[i]) + ", but there are " +
                                  std::to_string(n_actions));
    }
    ++action_begins[static_cast<std::size_t>(actions[i]) + 1];
  }
  for (std::size_t a = 1; a < action_begins.size(); ++a) action_begins[a] += action_begins[a - 1];
  std::vector<std::int32_t> next(action_begins.begin(), action_begins.end() - 1);
  drawn.resize(positions.size());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto place = next[static_cast<std::size_t>(actions[i])]++;
    drawn[static_cast<std::size_t>(place)] = static_cast<std::int32_t>(i);
  }
}

void Returns::compute(const Replay& replay, const Drawn& transitions, ptrdiff_t n_actions,
                      const NStep& step) {
  sort(replay, transitions, n_actions);
  const std::size_t count = drawn.size();
  first.resize(count);
  last.resize(count);
  rewards.resize(count);
  discounts.resize(count);
  const auto gamma = static_cast<float>(step.gamma);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::size_t>(drawn[i]);
    ptrdiff_t position = transitions.positions[number];
    const ptrdiff_t game = transitions.games[number];
    first[i] = position * replay.num_envs + game;
    float total = 0.0f, discount = 1.0f;
    for (int k = 0;; ++k) {
      const auto at = static_cast<std::size_t>(position * replay.num_envs + game);
      total += discount * replay.rewards[at];
      discount *= gamma;
      const bool ended = replay.dones[at] != 0.0f || replay.timeouts[at] != 0.0f;
      if (ended || k + 1 == step.n || position == step.newest) {
        const float done = replay.dones[at] * (1.0f - replay.timeouts[at]);
        last[i] = static_cast<ptrdiff_t>(at);
        rewards[i] = total;
        discounts[i] = discount * (1.0f - done);
        break;
      }
      position = position + 1 == replay.positions ? 0 : position + 1;
    }
  }
}

}  // namespace qwop::learner
