// Episodes as qwop-gym plays them: page load, reset and step protocol, observation and reward.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "env/observation.hpp"
#include "env/reward.hpp"
#include "game/game.hpp"

namespace qwop::env {

inline constexpr int kTerminateAction = -1;  // qwop-gym's "T": ends the episode, presses no key

struct EpisodeOptions {
  std::vector<int> action_keys;  // key mask of each action, or kTerminateAction
  RewardTerms reward;
  bool reload_on_reset = false;
  SinCosFlavour flavour = SinCosFlavour::Glibc;
};

struct StepResult {
  double reward;
  bool terminated;
};

class Episode {
 public:
  explicit Episode(EpisodeOptions options);

  void reset(std::span<float, kObservationSize> observation);
  // The action must be within the action set.
  StepResult step(int action, std::span<float, kObservationSize> observation);

  const EpisodeOptions& options() const { return options_; }
  Progress progress() const;
  bool is_success() const { return success_; }
  std::int64_t frames() const { return game_.frames(); }
  game::Game& game() { return game_; }
  const game::Game& game() const { return game_; }

 private:
  void load_page();
  void observe(std::span<float, kObservationSize> observation) const;

  EpisodeOptions options_;
  game::Game game_;
  Progress before_;
  bool first_step_ = true;
  bool success_ = false;
};

}  // namespace qwop::env
