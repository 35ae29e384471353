// What the page calls. Games are pointers; a game's row, as recordings know it (GAME_ROW in
// qwop_native), is written into one buffer that all games share, and read from there.
#include <cstdint>

#include "engine/export.hpp"
#include "game/game.hpp"
#include "game/row.hpp"
#include "game/snapshot.hpp"
#include "support/blake2b.hpp"

namespace {

using qwop::game::Game;

alignas(8) qwop::game::Row row;

}  // namespace

// flavor: 0 glibc, 1 glibc-fma, 2 fdlibm.
QWOP_EXPORT(game_new) Game* game_new(int flavor) {
  return new Game(static_cast<qwop::SinCosFlavor>(flavor));
}
QWOP_EXPORT(game_copy) Game* game_copy(const Game* game) { return new Game(*game); }
QWOP_EXPORT(game_free) void game_free(Game* game) { delete game; }

QWOP_EXPORT(game_click) void game_click(Game* game) { game->click(); }
QWOP_EXPORT(game_reset) void game_reset(Game* game) { game->reset(); }
QWOP_EXPORT(game_hold) void game_hold(Game* game, int keys) {
  game->hold(static_cast<qwop::game::KeyMask>(keys));
}
QWOP_EXPORT(game_update) void game_update(Game* game) { game->update(); }
QWOP_EXPORT(game_tick) void game_tick(Game* game, double seconds) { game->update(seconds); }

QWOP_EXPORT(game_frames) double game_frames(const Game* game) {
  return static_cast<double>(game->frames());
}
QWOP_EXPORT(game_row) const qwop::game::Row* game_row(const Game* game) {
  row = row_of(*game);
  return &row;
}
// The digest of the row, as recordings keep it.
QWOP_EXPORT(game_row_digest) std::uint64_t game_row_digest(const Game* game) {
  row = row_of(*game);
  return qwop::support::blake2b_64({reinterpret_cast<const char*>(&row), sizeof row});
}
// The fingerprint of every field of the game, as Game.state_hash() gives it.
QWOP_EXPORT(game_state_hash) std::uint64_t game_state_hash(const Game* game) {
  return qwop::game::state_hash(*game);
}
