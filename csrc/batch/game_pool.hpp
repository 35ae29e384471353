// Many games without episodes: for a search, which copies games, plays some frames and looks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "batch/game_block.hpp"
#include "game/game.hpp"
#include "support/instruction_set.hpp"
#include "support/interrupt.hpp"
#include "support/thread_pool.hpp"

namespace qwop::batch {

inline constexpr int kPoolPartValues = 6;  // x, y, angle, vx, vy, angular velocity
inline constexpr int kPoolGameValues = game::kPartCount * kPoolPartValues;

// Where a pool's games stand, one row a game; memory of the caller's.
struct PoolView {
  double* bodies;        // (games, 12, 6), parts in the order of kReportedParts
  std::uint8_t* events;  // (games,)
  std::int32_t* frames;  // (games,), updates that the game's clock has counted
  double* score;         // (games,), meters
};

class GamePool {
 public:
  GamePool(const game::Game& first, int num_envs, int threads,
           support::InstructionSet instruction_set);

  int size() const { return size_; }
  support::InstructionSet instruction_set() const { return instruction_set_; }
  int threads() const { return pool_.threads(); }
  SinCosFlavor flavor() const { return flavor_; }

  // Game `index` becomes a copy of `game`, of the same flavor.
  void set(int index, const game::Game& game, const PoolView& view);
  game::Game& game(int index) { return blocks_[index / block_size_]->game(index % block_size_); }

  // Calls that `interrupt` stops leave every game between two updates, and its row of the view
  // true.

  // Game i becomes a copy of games[parents[i]] of `source`, another pool, and then plays `frames`
  // updates with keys[i]; for the first parents.size() games of this pool.
  void expand(GamePool& source, std::span<const std::int32_t> parents,
              std::span<const game::KeyMask> keys, int frames, const PoolView& view,
              support::Interrupt& interrupt = support::Interrupt::none());
  // Game i becomes a copy of game parents[i] of another pool.
  void take(GamePool& source, std::span<const std::int32_t> parents, const PoolView& view);
  // Plays `frames` updates with keys[i] in the first keys.size() games.
  void step(std::span<const game::KeyMask> keys, int frames, const PoolView& view,
            support::Interrupt& interrupt = support::Interrupt::none());

 private:
  int blocks_for(std::size_t games) const;
  void step_block(int block, std::span<const game::KeyMask> keys, int frames,
                  support::Interrupt& interrupt);
  void look(int first, int count, const PoolView& view);

  int size_;
  int block_size_;
  support::InstructionSet instruction_set_;
  SinCosFlavor flavor_;
  std::vector<std::unique_ptr<GameBlock>> blocks_;
  support::ThreadPool pool_;
};

}  // namespace qwop::batch
