#include "physics/world_data.hpp"

#include <cmath>

namespace qwop::physics {
namespace {

// Beyond this an angle is outside the domain of the sine (sincos.hpp); no game gets there, since a
// body turns at most a quarter of a circle a step.
constexpr double kLargestAngle = 1e5;

bool valid_body(const Body& body) {
  for (const double v :
       {body.pose.centre.x, body.pose.centre.y, body.pose.angle, body.pose.rotation.sin,
        body.pose.rotation.cos, body.velocity.linear.x, body.velocity.linear.y,
        body.velocity.angular, body.torque, body.sleep_time}) {
    if (!std::isfinite(v)) return false;
  }
  return lanes::abs(body.pose.angle) <= kLargestAngle;
}

bool valid_joint(const JointState<double>& joint) {
  for (const double v :
       {joint.force.x, joint.force.y, joint.motor_force, joint.limit_force, joint.limit_state,
        joint.motor_speed, joint.lower, joint.upper}) {
    if (!std::isfinite(v)) return false;
  }
  return true;
}

bool valid_contact(const Contact& contact, int body_count) {
  const auto body = [&](int i) { return i >= 0 && i < body_count; };
  return body(contact.body_a) && body(contact.body_b) && contact.body_a != contact.body_b &&
         contact.manifold.count <= kMaxManifoldPoints;
}

}  // namespace

bool WorldData::valid(int body_count) const {
  if (contact_count < 0 || contact_count > kMaxContacts || !tree.valid()) return false;
  if (!std::isfinite(warm_start_ratio)) return false;
  const std::uint32_t all = (1u << body_count) - 1;
  if ((existing & ~all) != 0 || (awake & ~existing) != 0) return false;
  for (int i = 0; i < body_count; ++i) {
    if (!valid_body(bodies[i])) return false;
    if (exists(i) != tree.holds(leaves[i], i)) return false;
  }
  for (const auto& joint : joints) {
    if (!valid_joint(joint)) return false;
  }
  std::array<std::uint32_t, kMaxBodies> partners{};
  for (int i = 0; i < contact_count; ++i) {
    const auto& c = contacts[i];
    if (!valid_contact(c, body_count)) return false;
    if (!exists(c.body_a) || !exists(c.body_b)) return false;
    if ((partners[c.body_a] & 1u << c.body_b) != 0) return false;
    partners[c.body_a] |= 1u << c.body_b;
    partners[c.body_b] |= 1u << c.body_a;
  }
  return partners == contact_partners;
}

}  // namespace qwop::physics
