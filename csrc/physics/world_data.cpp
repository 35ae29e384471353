#include "physics/world_data.hpp"

#include <algorithm>

namespace qwop::physics {
namespace {

// Close to the end of the sine's domain (sincos.hpp). A runner turns over a few times in its life.
constexpr double kLargestAngle = 8e5;

bool valid_contact(const Contact& contact, const Scene& scene) {
  const auto body = [&](int i) { return i >= 0 && i < scene.body_count; };
  if (!body(contact.body_a) || !body(contact.body_b)) return false;
  return (scene.bodies[contact.body_a].partners >> contact.body_b & 1u) != 0 &&
         contact.manifold.count <= kMaxManifoldPoints &&
         contact.touching == (contact.manifold.count > 0);
}

}  // namespace

bool WorldData::valid(const Scene& scene) const {
  const std::uint32_t all = (1u << scene.body_count) - 1;
  if (existing != all || (awake & ~all) != 0 || !tree.valid(scene.body_count)) return false;
  for (int i = 0; i < scene.body_count; ++i) {
    if (!(lanes::abs(bodies[i].pose.angle) <= kLargestAngle)) return false;
    if (!tree.holds(leaves[i], i)) return false;
  }
  if (contact_count < 0 || contact_count > kMaxContacts) return false;
  std::array<std::uint32_t, kMaxBodies> partners{};
  for (int i = 0; i < contact_count; ++i) {
    const auto& c = contacts[i];
    if (!valid_contact(c, scene) || (partners[c.body_a] >> c.body_b & 1u) != 0) return false;
    if (leaves[c.body_a] >= leaves[c.body_b]) return false;
    partners[c.body_a] |= 1u << c.body_b;
    partners[c.body_b] |= 1u << c.body_a;
  }
  return partners == contact_partners;
}

void WorldData::copy_without_tree(const WorldData& other) {
  bodies = other.bodies;
  existing = other.existing;
  awake = other.awake;
  joints = other.joints;
  std::copy_n(other.contacts.begin(), other.contact_count, contacts.begin());
  contact_count = other.contact_count;
  contact_partners = other.contact_partners;
  warm_start_ratio = other.warm_start_ratio;
}

}  // namespace qwop::physics
