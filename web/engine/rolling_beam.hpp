// A beam that moves on with a game, as qwop_native/search/rolling_beam.py: what follows from the
// decision made is kept, the rest goes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/pool.hpp"
#include "engine/rank.hpp"
#include "game/game.hpp"

namespace qwop::web {

class RollingBeam {
 public:
  // width: most states of a level.
  RollingBeam(const game::Game& first, int width, Critic critic);

  // Forgets everything and starts from a copy of a game that has not ended.
  void begin(const game::Game& root, std::uint32_t seed);
  // Tries every action in every state of the last level and keeps the best that come of it, `width`
  // of them. Returns how many were tried.
  int deepen(int width);
  // Keys of the first decision on the way to the best state known, and moves on by it.
  game::KeyMask decide();

  int depth() const;
  bool home() const { return home_.has_value(); }  // whether a way to the finish is known
  bool dead() const { return dead_; }              // whether nothing lives on
  const game::Game& root() const { return root_; }

 private:
  struct Level {
    std::vector<std::int32_t> parents;
    std::vector<game::KeyMask> keys;
  };

  std::vector<game::KeyMask> path(int index) const;
  bool find_finish(const Level& tried);
  void keep_followers();

  int width_;
  Pool kept_, tried_;
  Rank rank_;
  game::Game root_;
  std::vector<std::int32_t> rows_;  // of the last level's states in the pool
  std::vector<Level> levels_;
  std::optional<std::vector<game::KeyMask>> home_;
  bool dead_ = false;
};

}  // namespace qwop::web
