// Everything of a world that changes. Plain data without pointers, so that a copy is a snapshot.
#pragma once

#include <array>
#include <cstdint>

#include "physics/body.hpp"
#include "physics/contact.hpp"
#include "physics/dynamic_tree.hpp"
#include "physics/revolute_joint.hpp"
#include "physics/scene.hpp"
#include "physics/settings.hpp"

namespace qwop::physics {

struct WorldData {
  std::array<Body, kMaxBodies> bodies{};
  // Bit sets over bodies, and each body's node in the tree.
  std::uint32_t existing = 0, awake = 0;
  std::array<std::int8_t, kMaxBodies> leaves{};
  std::array<JointState<double>, kMaxJoints> joints{};
  // Oldest first. The game walks its lists newest first: from the end.
  std::array<Contact, kMaxContacts> contacts{};
  int contact_count = 0;
  std::array<std::uint32_t, kMaxBodies> contact_partners{};  // bit j: a contact with body j exists
  DynamicTree tree;
  // Bodies woken since somebody last cleared this. No part of the world: for those who keep the
  // bodies' times of rest elsewhere.
  std::uint32_t woken = 0;
  double warm_start_ratio = 0.0;  // this step's length over the one before: 0 in the first step

  bool exists(int body) const { return (existing >> body & 1u) != 0; }
  bool is_awake(int body) const { return (awake >> body & 1u) != 0; }
  Aabb fat_box(int body) const { return tree.fat_box(leaves[body]); }
  void wake(int body) {
    awake |= 1u << body;
    woken |= 1u << body;
    bodies[body].sleep_time = 0.0;
  }
  // A sleeping body forgets its motion, its torque included.
  void put_to_sleep(int body) {
    awake &= ~(1u << body);
    bodies[body].sleep_time = 0.0;
    bodies[body].velocity = {};
    bodies[body].torque = 0.0;
  }

  // Everything but the tree, in which each body keeps its own leaf.
  void copy_without_tree(const WorldData& other);

  template <class Archive>
  void serialize(Archive& archive);
  // Whether counts, indices and links are what a world with every body of the scene can hold, so
  // that a step stays within all storage whatever the numbers are. Guards restoring a snapshot.
  bool valid(const Scene& scene) const;
};

template <class Archive>
void serialize(Archive& archive, Body& body) {
  auto& [pose, velocity, torque, sleep_time, box] = body;
  archive(pose.center.x), archive(pose.center.y), archive(pose.angle);
  archive(pose.rotation.sin), archive(pose.rotation.cos);
  archive(velocity.linear.x), archive(velocity.linear.y), archive(velocity.angular);
  archive(torque), archive(sleep_time);
  archive(box.low.x), archive(box.low.y), archive(box.high.x), archive(box.high.y);
}

template <class Archive>
void serialize(Archive& archive, JointState<double>& joint) {
  archive(joint.force.x), archive(joint.force.y);
  archive(joint.motor_force), archive(joint.limit_force), archive(joint.limit_state);
  archive(joint.motor_speed), archive(joint.lower), archive(joint.upper);
  archive(joint.motor_enabled), archive(joint.limit_enabled);
}

template <class Archive>
void serialize(Archive& archive, Contact& contact) {
  archive(contact.body_a), archive(contact.body_b), archive(contact.touching);
  auto& m = contact.manifold;
  archive(m.count), archive(m.flip);
  archive(m.local_normal.x), archive(m.local_normal.y);
  archive(m.local_plane_point.x), archive(m.local_plane_point.y);
  for (auto& point : m.points) {
    archive(point.local.x), archive(point.local.y);
    archive(point.normal_impulse), archive(point.tangent_impulse), archive(point.id);
  }
}

template <class Archive>
void WorldData::serialize(Archive& archive) {
  archive(warm_start_ratio), archive(existing), archive(awake);
  for (auto& leaf : leaves) archive(leaf);
  for (auto& body : bodies) physics::serialize(archive, body);
  for (auto& joint : joints) physics::serialize(archive, joint);
  for (auto& partners : contact_partners) archive(partners);
  tree.serialize(archive);
  archive(contact_count);
  const int count = contact_count < 0 || contact_count > kMaxContacts ? 0 : contact_count;
  for (int i = 0; i < count; ++i) physics::serialize(archive, contacts[i]);
}

}  // namespace qwop::physics
