#include "game/row.hpp"

#include <array>
#include <cstring>

namespace qwop::game {
namespace {

std::array<double, kRowFields> fields_of(const physics::Body& body) {
  return {body.pose.center.x,     body.pose.center.y,     body.pose.angle,
          body.velocity.linear.x, body.velocity.linear.y, body.velocity.angular};
}

}  // namespace

Row row_of(const Game& game) {
  Row row;
  const auto fields = [&](int part) { return fields_of(game.body(part)); };
  for (int i = 0; i < kPartCount; ++i) {
    std::memcpy(&row.bodies[i], fields(kReportedParts[i]).data(), sizeof row.bodies[i]);
  }
  std::memcpy(&row.hurdle[0], fields(kHurdleBase).data(), sizeof row.hurdle[0]);
  std::memcpy(&row.hurdle[1], fields(kHurdleTop).data(), sizeof row.hurdle[1]);
  const auto& status = game.status();
  row.head_torque = game.head_torque();
  row.score = status.score;
  row.score_time = game.score_time();
  row.flags = static_cast<std::uint8_t>(status.fallen | status.jumped << 1 |
                                        status.jump_landed << 2 | status.ended << 3);
  return row;
}

}  // namespace qwop::game
