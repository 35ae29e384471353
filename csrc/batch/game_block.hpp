// A handful of games that are updated together: the unit of work of the batch engine.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "env/episode_tracker.hpp"
#include "env/observation.hpp"
#include "game/game.hpp"
#include "support/instruction_set.hpp"
#include "support/memory.hpp"
#include "support/memory_ahead.hpp"

namespace qwop::batch {

class GameBlock {
 public:
  virtual ~GameBlock() = default;

  // One update of each active game with its keys; bit i of active stands for game i.
  virtual void update(std::span<const game::KeyMask> keys, std::uint64_t active) = 0;

  // A game as it stands, for whatever is not done side by side. May be changed until the next
  // update.
  virtual game::Game& game(int lane) = 0;

  // Before an update: the block that will be updated after this one, if there is one, so that its
  // memory can be fetched meanwhile; the share-th of so many shares of it in this update.
  virtual void look_ahead(const GameBlock* /*next*/, int /*share*/, int /*shares*/) {}
  // Adds what an update of this block needs.
  virtual void list_memory(support::MemoryAhead& /*list*/, int /*share*/, int /*shares*/) const {}

  virtual env::Standing standing(int lane) const = 0;
  virtual std::int64_t frames(int lane) const = 0;
  virtual void observe(int lane, std::span<float, env::kObservationSize> observation) const = 0;
};

// Most games a block may hold: the bits of an active mask.
inline constexpr int kLargestBlock = 64;

// How many games one block holds.
int block_size();

// About how much memory a block takes of the large pages it is made with.
std::size_t block_bytes(support::InstructionSet set);

// A block of games on freshly made copies of `first`. The large pages must outlive it.
std::unique_ptr<GameBlock> make_block(support::InstructionSet set, const game::Game& first,
                                      int games, support::LargePages* memory = nullptr);

}  // namespace qwop::batch
