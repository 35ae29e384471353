// Islands: awake bodies that push or hold each other, solved together.
#pragma once

#include <array>
#include <cstdint>

#include "physics/scene.hpp"
#include "physics/world_data.hpp"

namespace qwop::physics {

// Members in the order in which the game's walk meets them, which is the order of solving.
struct Island {
  std::array<std::int8_t, kMaxBodies> bodies;
  std::array<std::int8_t, kMaxContacts> contacts;
  std::array<std::int8_t, kMaxJoints> joints;
  int body_count = 0, contact_count = 0, joint_count = 0;
};

// Finds one island after the other, newest body first. Statics may be part of several.
class IslandWalk {
 public:
  // left_out: bit set of bodies where no island begins.
  IslandWalk(const Scene& scene, WorldData& data, std::uint32_t left_out)
      : scene_(scene), data_(data), left_out_(left_out) {}
  // False when no awake dynamic body is left. Wakes whatever belongs to the island.
  bool next(Island& island);

 private:
  void collect(int seed, Island& island);
  void visit_contacts(int body, Island& island);
  void visit_joints(int body, Island& island);
  void push(int body);

  const Scene& scene_;
  WorldData& data_;
  std::uint32_t left_out_;
  int seed_ = kMaxBodies;
  std::array<bool, kMaxBodies> body_taken_{};
  std::array<bool, kMaxContacts> contact_taken_{};
  std::array<bool, kMaxJoints> joint_taken_{};
  std::array<std::int8_t, kMaxBodies> stack_{};
  int depth_ = 0;
};

// Where the bodies of this step's islands came from: the broad phase sweeps their boxes from there.
struct StepStart {
  std::array<Aabb, kMaxBodies> boxes;
  std::array<Vec2<double>, kMaxBodies> centers;
};

// Velocities, positions and sleep of one island.
template <SinCosFlavor flavor>
void solve_island(const Scene& scene, WorldData& data, const Island& island, StepStart& start);

}  // namespace qwop::physics
