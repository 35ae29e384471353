// Games one after the other: the plain way, and the yardstick of the others.
#pragma once

#include "batch/game_block.hpp"

namespace qwop::batch {

class ScalarBlock final : public GameBlock {
 public:
  ScalarBlock(const game::Game& first, int games)
      : games_(static_cast<std::size_t>(games), first) {}

  void update(std::span<const game::KeyMask> keys, std::uint64_t active) override;
  game::Game& game(int lane) override { return games_[lane]; }
  env::Standing standing(int lane) const override { return env::standing(games_[lane]); }
  std::int64_t frames(int lane) const override { return games_[lane].frames(); }
  void observe(int lane, std::span<float, env::kObservationSize> observation) const override;

 private:
  std::vector<game::Game> games_;
};

}  // namespace qwop::batch
