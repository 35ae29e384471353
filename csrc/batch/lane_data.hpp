// The moving state of kLanes games side by side: one row a value, one column a game. Plain doubles,
// the same for every instruction set; a kernel reads each row in as many vectors as it needs.
#pragma once

#include <array>
#include <cstdint>

#include "game/game_facts.hpp"
#include "physics/settings.hpp"
#include "physics/tree_data.hpp"
#include "support/memory_ahead.hpp"

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

// Touching contacts side by side, whichever games and bodies they are of, as long as no two are of
// the same body. A column without a contact has points 0, and its body is the spare one, so that
// whatever is computed for it lands nowhere.
inline constexpr int kContactColumns = 8;  // a multiple of every kernel's width
using ContactRow = std::array<double, kContactColumns>;

struct alignas(64) PointRows {
  ContactRow local_x, local_y;
  ContactRow normal_impulse, tangent_impulse;
};

struct alignas(64) ContactRows {
  std::array<PointRows, 2> points;
  ContactRow normal_x, normal_y, plane_x, plane_y;  // local to the reference body
  ContactRow friction;
  ContactRow point_count;
  ContactRow flip;  // 1 where body B holds the reference edge
  ContactRow mass_b, inv_mass_b, inv_inertia_b;
  // Body A is ground. Where a body's rows begin, in doubles from the first body's, plus the lane.
  std::array<std::int32_t, kContactColumns> offset_a, offset_b;
};

// Boxes of bodies that may touch, body A of the ground, and what the narrow phase finds (bits of
// columns; see physics::LaneManifold).
struct alignas(64) PairRows {
  ContactRow half_width_a, half_height_a, half_width_b, half_height_b;
  std::array<std::int32_t, kContactColumns> offset_a, offset_b;
  std::uint32_t flip, clipped, one, two;
  ContactRow normal_x, normal_y, plane_x, plane_y;
  std::array<ContactRow, 2> local_x, local_y;
  std::array<std::array<std::int64_t, kContactColumns>, 2> id;
};

inline constexpr int kSpareBody = game::kBodyCount;
inline constexpr int kMaxLaneContacts = 12;  // of a game
inline constexpr int kContactGroups = 32;

inline constexpr int kPairGroups = 8;

struct LaneData {
  std::array<BodyRows, game::kBodyCount + 1> bodies;
  std::array<BoxRows, game::kPartCount> boxes;
  std::array<JointRows, game::kJointCount> joints;
  std::array<ContactRows, kContactGroups> contacts;
  std::array<PairRows, kPairGroups> pairs;
  int pair_count = 0;
  LaneRow head_torque;
  LaneRow limp;  // 1 once a game has ended: no motors, and knees and shoulders without limits
  // The groups of contacts in use, in the order of solving.
  std::array<std::int8_t, kContactGroups> contact_order;
  int contact_groups = 0;
  std::uint32_t running = 0;                     // bit i: game i takes part in this step
  std::array<physics::TreeData*, kLanes> trees;  // of the games' worlds
  // Fat boxes' edges that whatever is new to touch must pass: the ground's upper one, the right one
  // of the block behind the start, the hurdle's left one.
  LaneRow ground_top, block_right, hurdle_left;
  // Results: bit p of meeting_parts[i]: part p of game i has a new fat box, which may meet others.
  std::array<std::uint32_t, kLanes> meeting_parts;
  support::MemoryAhead ahead;  // of the next block, fetched while this one is solved
  std::uint32_t at_rest = 0;   // games whose runner has rested long enough to fall asleep
};

inline constexpr int lane_of_offset(std::int32_t offset) {
  static_assert(sizeof(BodyRows) / sizeof(double) % kLanes == 0);
  return offset % kLanes;
}
inline constexpr std::int32_t body_offset(int body, int lane) {
  return static_cast<std::int32_t>(body * static_cast<int>(sizeof(BodyRows) / sizeof(double)) +
                                   lane);
}

}  // namespace qwop::batch
