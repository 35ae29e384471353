// A game's way from its scalar twin into the lanes and back.
#include "batch/lane_block.hpp"

namespace qwop::batch {

void LaneBlock::enter_lanes(int lane) {
  const auto& twin = twins_[lane];
  const auto& world = twin.world().data();
  copy_track(lane);
  for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
    const auto& b = world.bodies[body];
    auto& rows = data_.bodies[body];
    rows.x[lane] = b.pose.center.x;
    rows.y[lane] = b.pose.center.y;
    rows.angle[lane] = b.pose.angle;
    rows.sin[lane] = b.pose.rotation.sin;
    rows.cos[lane] = b.pose.rotation.cos;
    rows.vx[lane] = b.velocity.linear.x;
    rows.vy[lane] = b.velocity.linear.y;
    rows.spin[lane] = b.velocity.angular;
    rows.sleep_time[lane] = b.sleep_time;

    const auto& fat = world.fat_box(body);
    auto& box = data_.boxes[body - game::kFirstPart];
    box.low_x[lane] = b.fixture_box.low.x;
    box.low_y[lane] = b.fixture_box.low.y;
    box.high_x[lane] = b.fixture_box.high.x;
    box.high_y[lane] = b.fixture_box.high.y;
    box.fat_low_x[lane] = fat.low.x;
    box.fat_low_y[lane] = fat.low.y;
    box.fat_high_x[lane] = fat.high.x;
    box.fat_high_y[lane] = fat.high.y;
  }
  for (int joint = game::kHurdleJoint + 1; joint < game::kJointCount; ++joint) {
    const auto& state = world.joints[joint];
    auto& rows = data_.joints[joint];
    rows.force_x[lane] = state.force.x;
    rows.force_y[lane] = state.force.y;
    rows.motor_force[lane] = state.motor_force;
    rows.limit_force[lane] = state.limit_force;
    rows.limit_state[lane] = state.limit_state;
    rows.motor_speed[lane] = state.motor_speed;
    rows.lower[lane] = state.lower;
    rows.upper[lane] = state.upper;
  }
  data_.head_torque[lane] = twin.head_torque();
  data_.limp[lane] = twin.status().ended ? 1.0 : 0.0;
  in_lanes_ |= 1u << lane;
}

// Motor speeds and limits are always current in the twin; the rest is brought back.
void LaneBlock::leave_lanes(int lane) {
  auto& world = twins_[lane].world().data();
  for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
    const auto& rows = data_.bodies[body];
    const auto& box = data_.boxes[body - game::kFirstPart];
    auto& b = world.bodies[body];
    b.pose = {{rows.x[lane], rows.y[lane]}, rows.angle[lane], {rows.sin[lane], rows.cos[lane]}};
    b.velocity = {{rows.vx[lane], rows.vy[lane]}, rows.spin[lane]};
    b.sleep_time = rows.sleep_time[lane];
    b.fixture_box = {{box.low_x[lane], box.low_y[lane]}, {box.high_x[lane], box.high_y[lane]}};
  }
  for (int joint = game::kHurdleJoint + 1; joint < game::kJointCount; ++joint) {
    const auto& rows = data_.joints[joint];
    auto& state = world.joints[joint];
    state.force = {rows.force_x[lane], rows.force_y[lane]};
    state.motor_force = rows.motor_force[lane];
    state.limit_force = rows.limit_force[lane];
    state.limit_state = rows.limit_state[lane];
  }
  world.bodies[game::kHead].torque = data_.head_torque[lane];
  in_lanes_ &= ~(1u << lane);
}

}  // namespace qwop::batch
