// How fast this build plays many games side by side, as the planner does; and proof that builds
// agree on them.
#include <cstdint>
#include <vector>

#include "engine/export.hpp"
#include "engine/pool.hpp"
#include "game/snapshot.hpp"

namespace {

using qwop::game::Game;
using qwop::game::KeyMask;

constexpr int kHeld = 6;  // frames that keys are held
std::uint64_t mixed = 0;

// Any keys, the same everywhere.
KeyMask next_keys(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<KeyMask>(state >> 60);
}

}  // namespace

// Frames that are played by some games from the start on; those that have ended start again.
QWOP_EXPORT(speed_play) double speed_play(int games, int steps) {
  Game first(qwop::game::kDefaultSinCos);
  first.update();
  first.click();
  qwop::web::Pool pool(first, games);
  for (int i = 0; i < games; ++i) pool.games().set(i, first, pool.view());
  std::vector<KeyMask> keys(games);
  std::uint64_t state = 1;
  double played = 0;
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; i < games; ++i) {
      if ((pool.events(i) & qwop::game::events::kEnded) != 0) {
        pool.games().set(i, first, pool.view());
      }
      keys[i] = next_keys(state);
      played -= pool.frames(i);
    }
    pool.games().step(keys, kHeld, pool.view());
    for (int i = 0; i < games; ++i) played += pool.frames(i);
  }
  mixed = 0;
  for (int i = 0; i < games; ++i) mixed = mixed * 31 + qwop::game::state_hash(pool.games().game(i));
  return played;
}
// A fingerprint of all games of the last speed_play.
QWOP_EXPORT(speed_hash) std::uint64_t speed_hash() { return mixed; }
