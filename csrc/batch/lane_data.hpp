// The moving state of kLanes games side by side: one row a value, one column a game. Plain doubles,
// the same for every instruction set; a kernel reads each row in as many vectors as it needs.
#pragma once

#include <array>
#include <cstdint>

#include "game/game_facts.hpp"
#include "physics/settings.hpp"
#include "physics/tree_data.hpp"

namespace qwop::batch {

inline constexpr int kLanes = 16;

using LaneRow = std::array<double, kLanes>;

struct alignas(64) BodyRows {
  LaneRow x, y, angle, sin, cos;
  LaneRow vx, vy, spin;
  LaneRow sleep_time;
};

// Of a runner's part: the box swept over the last step, and the fat box in the tree.
struct alignas(64) BoxRows {
  LaneRow low_x, low_y, high_x, high_y;
  LaneRow fat_low_x, fat_low_y, fat_high_x, fat_high_y;
};

struct alignas(64) JointRows {
  LaneRow force_x, force_y, motor_force, limit_force, limit_state;
  LaneRow motor_speed, lower, upper;
};

struct alignas(64) PointRows {
  LaneRow local_x, local_y;
  LaneRow normal_impulse, tangent_impulse;
};

// The k-th touching contact of each game. A game with fewer has points 0 there, and its body is the
// spare one, so that whatever is computed for it lands nowhere.
struct alignas(64) ContactRows {
  std::array<PointRows, 2> points;
  LaneRow normal_x, normal_y, plane_x, plane_y;  // local to the reference body
  LaneRow friction;
  LaneRow point_count;
  LaneRow flip;  // 1 where body B holds the reference edge
  LaneRow mass_b, inv_mass_b, inv_inertia_b;
  // Body A is ground. Where a body's rows begin, in doubles from the first body's, plus the lane.
  std::array<std::int32_t, kLanes> offset_a, offset_b;
};

inline constexpr int kSpareBody = game::kBodyCount;
inline constexpr int kMaxLaneContacts = 12;

struct LaneData {
  std::array<BodyRows, game::kBodyCount + 1> bodies;
  std::array<BoxRows, game::kPartCount> boxes;
  std::array<JointRows, game::kJointCount> joints;
  std::array<ContactRows, kMaxLaneContacts> contacts;
  LaneRow head_torque;
  LaneRow limp;  // 1 once a game has ended: no motors, and knees and shoulders without limits
  int contact_count = 0;                         // contact rows in use: the most of any game
  std::uint32_t running = 0;                     // bit i: game i takes part in this step
  std::array<physics::TreeData*, kLanes> trees;  // of the games' worlds
  // Results: bit p of moved_parts[i]: part p of game i has left its fat box and has a new one.
  std::array<std::uint32_t, kLanes> moved_parts;
  std::uint32_t at_rest = 0;  // games whose runner has rested long enough to fall asleep
};

inline constexpr std::int32_t body_offset(int body, int lane) {
  return static_cast<std::int32_t>(body * static_cast<int>(sizeof(BodyRows) / sizeof(double)) +
                                   lane);
}

}  // namespace qwop::batch
