// Restarts that come out the same every time, worked out once.
#pragma once

#include <array>

#include "env/episode.hpp"
#include "game/game.hpp"

namespace qwop::env {

// The two updates with which an episode begins (reset_game) start from the same bodies whenever the
// ground lies as after loading. Only the broad phase's tree differs from game to game, for its
// shape is history: leaves are moved in each game's own tree, everything else is copied.
class PreparedRestart {
 public:
  // page: a loaded page on which no game has begun yet.
  PreparedRestart(const game::Game& page, const EpisodeOptions& options);

  // What reset_game does, bit for bit, and like it when it is stopped.
  void reset(game::Game& game, support::Interrupt& interrupt) const;

 private:
  struct Move {
    int body;
    physics::Aabb box;
  };

  bool prepare(game::Game& game, double elapsed);
  bool fits(const game::Game& game) const;

  EpisodeOptions options_;
  // Before the two updates and after them.
  game::Game before_, after_;
  std::array<Move, 2 * game::kBodyCount> moves_{};  // of leaves, in order
  int move_count_ = 0;
  bool usable_ = false;
};

}  // namespace qwop::env
