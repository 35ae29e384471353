// What the page calls. Games are pointers; a game's row, as recordings know it (GAME_ROW in
// qwop_native), is written into one buffer that all games share, and read from there.
#include <cstdint>
#include <cstring>

#include "blake2b.hpp"
#include "game/game.hpp"
#include "game/snapshot.hpp"

#define QWOP_EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

using qwop::game::Game;

constexpr int kFields = 6;  // x, y, angle, vx, vy, angular velocity
constexpr int kHurdleBodies = 2;

struct __attribute__((packed)) Row {
  double bodies[qwop::game::kPartCount][kFields];
  double hurdle[kHurdleBodies][kFields];
  double head_torque, score, score_time;
  std::uint8_t flags;
};
static_assert(sizeof(Row) == 697);

alignas(8) Row row;

void write(double* fields, const qwop::physics::Body& body) {
  const double values[kFields] = {body.pose.centre.x,     body.pose.centre.y,
                                  body.pose.angle,        body.velocity.linear.x,
                                  body.velocity.linear.y, body.velocity.angular};
  std::memcpy(fields, values, sizeof values);
}

void write_row(const Game& game) {
  for (int i = 0; i < qwop::game::kPartCount; ++i) {
    write(row.bodies[i], game.body(qwop::game::kReportedParts[i]));
  }
  write(row.hurdle[0], game.body(qwop::game::kHurdleBase));
  write(row.hurdle[1], game.body(qwop::game::kHurdleTop));
  const auto& status = game.status();
  row.head_torque = game.head_torque();
  row.score = status.score;
  row.score_time = game.score_time();
  row.flags = static_cast<std::uint8_t>(status.fallen | status.jumped << 1 |
                                        status.jump_landed << 2 | status.ended << 3);
}

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
QWOP_EXPORT(game_row) const Row* game_row(const Game* game) {
  write_row(*game);
  return &row;
}
// The digest of the row, as recordings keep it.
QWOP_EXPORT(game_row_digest) std::uint64_t game_row_digest(const Game* game) {
  write_row(*game);
  return qwop::web::blake2b_64({reinterpret_cast<const char*>(&row), sizeof row});
}
// The fingerprint of every field of the game, as Game.state_hash() gives it.
QWOP_EXPORT(game_state_hash) std::uint64_t game_state_hash(const Game* game) {
  return qwop::game::state_hash(*game);
}
