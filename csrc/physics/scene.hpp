// What is the same in every copy of a world: shapes, masses, filters and joint geometry. Worlds of
// one scene share it; only what moves lives in the world itself.
#pragma once

#include <array>
#include <cstdint>

#include "libm/sincos_flavor.hpp"
#include "physics/settings.hpp"
#include "physics/vec2.hpp"

namespace qwop::physics {

enum class BodyType : std::uint8_t { Static, Dynamic };

// A box centered on its body. Half sizes and position in world units, angle in radians.
struct BodyDef {
  BodyType type;
  double half_width, half_height;
  double density, friction;
  std::uint16_t category, mask;  // two bodies may touch if each mask holds the other's category
  Vec2<double> position;
  double angle;
};

struct BodyParams {
  BodyDef def;
  double mass, inv_mass;
  double inertia, inv_inertia;
  std::uint32_t partners;  // bit i: a contact with body i is allowed
  bool dynamic() const { return def.type == BodyType::Dynamic; }
};

// Body indices, anchors (each body's own point that the joint holds together), limits in radians,
// torque in N m of the game's units.
struct JointDef {
  int body_a, body_b;
  Vec2<double> anchor_a, anchor_b;
  bool anchors_are_local;  // else they are world points of the creation poses
  double reference_angle;
  double lower, upper;
  double max_motor_torque;
  bool motor_enabled;
};

struct JointParams {
  int body_a, body_b;
  Vec2<double> local_anchor_a, local_anchor_b;
  double reference_angle;
  double max_motor_torque;
  double motor_mass;  // 1 / (inverse inertia of A + of B)
  double lower, upper;
  bool motor_enabled;
};

struct Scene {
  SinCosFlavor flavor;
  int body_count = 0;
  int joint_count = 0;
  std::array<BodyParams, kMaxBodies> bodies{};
  std::array<JointParams, kMaxJoints> joints{};
  // Joints of a body, newest first, as the island walk meets them.
  std::array<std::array<std::int8_t, kMaxJoints>, kMaxBodies> body_joints{};
  std::array<std::int8_t, kMaxBodies> body_joint_count{};

  explicit Scene(SinCosFlavor sincos_flavor) : flavor(sincos_flavor) {}

  // Bodies first, joints after them, both in creation order; then finish().
  int add_body(const BodyDef& def);
  int add_joint(const JointDef& def);
  void finish();  // contact partners: filters, types, and no contact between jointed bodies
};

}  // namespace qwop::physics
