// Episodes as qwop-gym plays them: page load, reset and step protocol, observation and reward.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "env/chance.hpp"
#include "env/episode_tracker.hpp"
#include "env/observation.hpp"
#include "env/reward.hpp"
#include "game/game.hpp"
#include "support/interrupt.hpp"

namespace qwop::env {

inline constexpr int kTerminateAction = -1;  // qwop-gym's "T": ends the episode, presses no key

struct EpisodeOptions {
  std::vector<int> action_keys;  // key mask of each action, or kTerminateAction
  RewardTerms reward;
  bool reload_on_reset = false;
  SinCosFlavor flavor = game::kDefaultSinCos;
  ChanceOptions chance;
};

// The page as qwop-gym leaves it before the first reset, and a reset as qwop-gym does it. A page
// whose loading was stopped is of no use, a game whose reset was stopped is as it was before.
game::Game loaded_page(const EpisodeOptions& options,
                       support::Interrupt& interrupt = support::Interrupt::none());
void reset_game(game::Game& game, const EpisodeOptions& options,
                support::Interrupt& interrupt = support::Interrupt::none());

// The idle steps with which an episode begins after its reset, at least one; the tracker then
// stands where they end. A runner whom they bring down begins at the reset. Whatever was stopped in
// between must be reset.
void play_noops(game::Game& game, const EpisodeOptions& options, Chance& chance,
                EpisodeTracker& tracker, support::Interrupt& interrupt);

// The game of a snapshot, for an episode to start in the middle of its run. Throws
// game::SnapshotError where game::restore does, and when there is no run to go on with.
game::Game game_to_start_at(std::string_view snapshot, const EpisodeOptions& options);

// Writes the 60 numbers of a game.
void observe(const game::Game& game, std::span<float, kObservationSize> observation);

// A step that `interrupt` stops leaves the game between two updates, a reset leaves it as it was;
// either writes no observation and counts for nothing.
class Episode {
 public:
  explicit Episode(EpisodeOptions options,
                   support::Interrupt& interrupt = support::Interrupt::none());

  // reload: on a freshly loaded page, whatever the options say.
  void reset(std::span<float, kObservationSize> observation, bool reload = false,
             support::Interrupt& interrupt = support::Interrupt::none());
  // Starts an episode where a game's snapshot was taken. Throws as game_to_start_at, and nothing
  // has changed then.
  void start_at(std::string_view snapshot, std::span<float, kObservationSize> observation);
  // Where the draws of `chance` in the options begin.
  void seed(std::uint64_t seed) { chance_ = Chance(seed); }
  // The action must be within the action set.
  StepResult step(int action, std::span<float, kObservationSize> observation,
                  support::Interrupt& interrupt = support::Interrupt::none());

  const EpisodeOptions& options() const { return options_; }
  Progress progress() const { return standing(game_).progress(); }
  bool is_success() const { return tracker_.success(); }
  std::int64_t frames() const { return game_.frames(); }
  game::Game& game() { return game_; }
  const game::Game& game() const { return game_; }
  EpisodeTracker& tracker() { return tracker_; }
  const EpisodeTracker& tracker() const { return tracker_; }
  Chance& chance() { return chance_; }
  const Chance& chance() const { return chance_; }

 private:
  void reset_with_noops(bool reload, support::Interrupt& interrupt);

  EpisodeOptions options_;
  game::Game game_;
  EpisodeTracker tracker_;
  Chance chance_;
};

}  // namespace qwop::env
