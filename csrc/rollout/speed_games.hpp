// Runs of 100 m that reward speed: many games, started where runners die, ended when slow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "batch/game_pool.hpp"
#include "rollout/random.hpp"
#include "rollout/snapshot_buckets.hpp"
#include "support/interrupt.hpp"

namespace qwop::rollout {

struct SpeedGamesOptions {
  std::vector<game::KeyMask> action_keys;
  int frames_per_step;
  double reward_scale;          // reward of a world unit a frame beyond the cost of time
  double time_cost;             // least cost of time, world units a frame
  double time_cost_share;       // cost of time as a share of the mean pace, where that is more
  double finish_reward;         // in units of reward_scale
  double fall_steps;            // steps of standing still that a run without a finish costs
  double slow_units;            // a runner that makes less ...
  std::int64_t slow_steps;      // ... in so many steps has failed
  double snapshot_starts;       // part of the episodes that begin at kept games
  double random_key_starts;     // part of all episodes that begins with keys at random ...
  std::int64_t random_frames;   // ... for so many frames at most
  double snapshot_chance;       // of a state to be kept
  std::int64_t snapshot_after;  // steps of an episode from which on states are kept
};

// What a step leaves behind, one row a game; memory of the caller's.
struct SpeedStep {
  std::span<float> observations, rewards;
  std::span<bool> dones;
};

// Episodes that ended in a step, as they ended; one entry each.
struct EndedEpisodes {
  std::vector<std::int64_t> games, steps;
  std::vector<std::int32_t> frames;  // of the game's clock
  std::vector<double> distances;     // meters
  std::vector<double> returns;
  std::vector<std::uint8_t> finished, from_line;
  std::vector<float> observations;
};

// What there is to know between two steps, besides the games themselves and the kept ones.
struct SpeedGamesState {
  std::vector<double> recent;  // torso's x in the last slow_steps steps, (slow_steps, games)
  std::vector<std::int64_t> steps;
  std::vector<double> returns;
  std::vector<std::uint8_t> from_line;
  double time_cost;
  double pace;  // running mean over all runners, world units a frame
};

// Pool, its view and buckets are the caller's and must outlive this.
class SpeedGames {
 public:
  // Throws std::invalid_argument for no lines, other flavors than the pool's or lengths below 1.
  SpeedGames(batch::GamePool& pool, const batch::PoolView& view, SnapshotBuckets& buckets,
             std::vector<game::Game> lines, SpeedGamesOptions options);

  int size() const { return pool_.size(); }
  double time_cost() const { return state_.time_cost; }
  const SpeedGamesState& state() const { return state_; }
  // Throws std::invalid_argument, with nothing changed, if it is of other numbers of games or
  // steps.
  void restore(SpeedGamesState state);

  // Starts all games.
  void reset(const BitGenerator& generator);
  // Throws std::invalid_argument for actions out of range or arrays of the wrong size; nothing has
  // moved then. A call that `interrupt` stops leaves the games between two frames and all else as
  // it was.
  EndedEpisodes step(const BitGenerator& generator, std::span<const std::int64_t> actions,
                     const SpeedStep& out,
                     support::Interrupt& interrupt = support::Interrupt::none());
  // What the games look like now, as the environment shows it.
  void observe(std::span<float> observations) const;

 private:
  double torso_x(int game) const {
    return view_.bodies[static_cast<std::ptrdiff_t>(game) * batch::kPoolGameValues];
  }
  void observe_game(int game, float* out) const;
  void press(std::span<const std::int64_t> actions);
  void reward(const SpeedStep& out);
  void raise_time_cost();
  bool is_slow(int game, double now);
  EndedEpisodes end_episodes(const SpeedStep& out);
  void fail(int game, float& reward);
  void note_end(int game, EndedEpisodes& ended) const;
  void start(const BitGenerator& generator, std::span<const std::int64_t> games);
  void press_at_random(const BitGenerator& generator, int index, const game::Game& root);
  void keep_snapshots(const BitGenerator& generator);

  batch::GamePool& pool_;
  batch::PoolView view_;
  SnapshotBuckets& buckets_;
  std::vector<game::Game> lines_;
  SpeedGamesOptions options_;
  SpeedGamesState state_;
  std::vector<game::KeyMask> keys_;
  std::vector<double> before_, made_;  // torso's x before a step, and the way made in it
  std::vector<std::uint8_t> finished_;
};

}  // namespace qwop::rollout
