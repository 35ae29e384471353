// What an episode remembers from step to step, and what it makes of a step: reward and end.
#pragma once

#include "env/reward.hpp"
#include "game/game.hpp"

namespace qwop::env {

// An episode ends when the torso leaves this range, meters, and succeeds when it ends beyond 100 m.
inline constexpr double kShortestDistance = -10.0;
inline constexpr double kLongestDistance = 105.0;
inline constexpr double kFinishDistance = 100.0;

// Offline, the most that a tick of the page's engine adds to the clock stands for what it adds.
inline constexpr double kEngineTick = game::kMaxEngineTick;

struct StepResult {
  double reward;
  bool terminated;
};

// Where a game stands: torso's distance in meters, the clock in seconds, and whether it is over.
struct Standing {
  double distance, score_time;
  bool ended;

  Progress progress() const {
    return {static_cast<float>(score_time / 10.0), static_cast<float>(distance)};
  }
};

// Whether an episode is over where a game stands.
inline bool over(const Standing& now) {
  return now.ended || now.distance < kShortestDistance || now.distance > kLongestDistance;
}

inline Standing standing(const game::Game& game) {
  return {game.body(game::kTorso).pose.center.x / 10.0, game.score_time(), game.status().ended};
}

class EpisodeTracker {
 public:
  void start() { *this = {}; }

  // Starts in the middle of a run.
  void start_at(const Standing& now) {
    *this = {};
    before_ = now.progress();
    first_step_ = false;
  }

  // terminate: the action was the one that only ends the episode.
  StepResult advance(const RewardTerms& terms, const Standing& now, bool terminate) {
    const bool ended = over(now);
    success_ = ended && now.distance > kFinishDistance;
    const auto progress = now.progress();
    double reward =
        first_step_ ? first_step_reward(terms, progress) : step_reward(terms, progress, before_);
    if (ended) reward += end_reward(terms, success_);
    before_ = progress;
    first_step_ = false;
    return {reward, ended || terminate};
  }

  bool success() const { return success_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(before_.time), archive(before_.distance), archive(first_step_), archive(success_);
  }

 private:
  Progress before_;
  bool first_step_ = true;
  bool success_ = false;
};

}  // namespace qwop::env
