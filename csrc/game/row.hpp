// What recordings keep of a game after each update, byte for byte (GAME_ROW in qwop_native).
#pragma once

#include <cstdint>

#include "game/game.hpp"

namespace qwop::game {

inline constexpr int kRowFields = 6;  // x, y, angle, vx, vy, angular velocity
inline constexpr int kRowHurdleBodies = 2;

struct __attribute__((packed)) Row {
  double bodies[kPartCount][kRowFields];  // in the order of kReportedParts
  double hurdle[kRowHurdleBodies][kRowFields];
  double head_torque, score, score_time;
  std::uint8_t flags;  // 1 fallen, 2 jumped, 4 landed the jump, 8 ended
};
static_assert(sizeof(Row) == 697);

Row row_of(const Game& game);

}  // namespace qwop::game
