// Many episodes side by side: actions in, observations, rewards and ends out, restarts in place.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "batch/game_block.hpp"
#include "env/chance.hpp"
#include "env/episode.hpp"
#include "env/prepared_restart.hpp"
#include "support/instruction_set.hpp"
#include "support/interrupt.hpp"
#include "support/memory.hpp"
#include "support/thread_pool.hpp"
#include "support/turns.hpp"

namespace qwop::batch {

// When an episode that has ended starts again; gymnasium.vector.AutoresetMode's meanings.
enum class Autoreset { NextStep, SameStep, Disabled };

struct BatchOptions {
  env::EpisodeOptions episode;
  int games = 1;
  int threads = 1;
  std::vector<int> cores;  // that threads beside the caller's are bound to, in turn; empty: none
  std::int64_t max_episode_steps = 0;  // 0: no limit
  Autoreset autoreset = Autoreset::NextStep;
  support::InstructionSet instruction_set = support::InstructionSet::kScalar;  // an available one
};

// What is known of each game's episode, one column a value, one row a game.
struct EpisodeColumns {
  std::vector<float> time, distance, avgspeed;
  std::vector<std::uint8_t> is_success;
  std::vector<std::int64_t> frames;
  std::vector<double> episode_return;
  std::vector<std::int64_t> episode_length;

  explicit EpisodeColumns(int games);
};

// Caller-owned results of a step, one row a game.
struct StepOutput {
  float* observations;  // (games, 60)
  double* rewards;
  bool* terminated;
  bool* truncated;
};

// A game was to step that had never been reset, or whose episode has ended.
class NotResetError : public std::logic_error {
 public:
  explicit NotResetError(int game)
      : std::logic_error("game " + std::to_string(game) + " must be reset before it can step") {}
};

// Something was asked while games are under way.
class UnderWayError : public std::runtime_error {
 public:
  UnderWayError()
      : std::runtime_error(
            "games are under way: receive those that were sent, with recv(), first") {}
};

class BatchEngine {
 public:
  explicit BatchEngine(BatchOptions options,
                       support::Interrupt& interrupt = support::Interrupt::none());

  // Calls that `interrupt` stops leave every game between two updates. Whoever had not finished its
  // part must be reset, and its rows of the results are as before.

  // Starts the episodes of the games in mask (all, if null). reload: on freshly loaded pages.
  void reset(float* observations, const bool* mask, bool reload,
             support::Interrupt& interrupt = support::Interrupt::none());
  // Throws NotResetError for the first game that must be reset before it can step, if there is one.
  void require_ready() const;
  // Actions must be within the action set and every game ready.
  void step(const std::int64_t* actions, const StepOutput& out,
            support::Interrupt& interrupt = support::Interrupt::none());

  // For steps of single blocks, as AsyncSteps takes them. The games of the block must be ready.
  int block_count() const { return static_cast<int>(blocks_.size()); }
  int games_per_block() const { return block_size_; }
  void require_ready(int block) const;
  void step_block(int block, const std::int64_t* actions, const StepOutput& out,
                  support::Interrupt& interrupt);
  // Blocks that are being stepped; nothing else may be asked of the engine meanwhile.
  void set_under_way(int blocks) { under_way_ = blocks; }
  void require_idle() const;

  const BatchOptions& options() const { return options_; }
  support::Turns& mutex() { return mutex_; }  // for callers who share an engine between threads
  EpisodeColumns& columns() { return columns_; }
  // Of the episodes that ended in the last step; other rows hold older values.
  EpisodeColumns& final_columns() { return final_columns_; }
  std::vector<float>& final_observations() { return final_observations_; }

  // One game with its episode, as bytes and back. Throws game::SnapshotError as restore does.
  std::string snapshot(int game);
  void restore(int game, std::string_view bytes);
  // Starts an episode of a game where a game::snapshot of any game was taken. Throws as
  // env::game_to_start_at, and nothing has changed then. from_reset: the first reward is that of a
  // run from its reset on, as qwop-gym gives it, not that of the first step alone.
  void start_at(int game, std::string_view game_snapshot, float* observation,
                bool from_reset = false);
  void copy_game(int from, int to);
  // Where the draws of a game with `chance` in its options begin.
  void seed(int game, std::uint64_t seed);
  bool has_chance() const { return !chances_.empty(); }
  const game::Game& game(int game) { return block_of(game).game(lane_of(game)); }

 private:
  enum class Phase : std::uint8_t { NeedsReset, Running, Ended };
  struct EpisodeState {
    env::EpisodeTracker tracker;
    double episode_return = 0.0;
    std::int64_t episode_length = 0;
    Phase phase = Phase::NeedsReset;
  };
  struct GameChance {
    env::Chance draws;
    game::KeyMask held = 0;  // in the last step
  };

  void require_ready(int begin, int end) const;
  GameBlock& block_of(int game) { return *blocks_[game / block_size_]; }
  int lane_of(int game) const { return game % block_size_; }
  std::span<float, env::kObservationSize> row(float* observations, int game) const;

  void finish_step(int game, bool terminate_action, const StepOutput& out,
                   support::Interrupt& interrupt);
  void stick(int begin, int count, std::uint64_t active, game::KeyMask* keys, bool* terminate);
  void restart(int game, float* observations, bool reload, support::Interrupt& interrupt);
  void fill_columns(EpisodeColumns& columns, int game);

  BatchOptions options_;
  env::PreparedRestart restart_;
  int block_size_;
  support::LargePages memory_;
  std::vector<std::unique_ptr<GameBlock>> blocks_;
  std::vector<EpisodeState> episodes_;
  std::vector<GameChance> chances_;  // empty where the options have no chance
  EpisodeColumns columns_, final_columns_;
  std::vector<float> final_observations_;
  support::ThreadPool pool_;
  support::Turns mutex_;
  std::atomic<int> under_way_{0};
};

}  // namespace qwop::batch
