#include "physics/manifold.hpp"

namespace qwop::physics {

WorldManifold world_manifold(const Manifold& manifold, const Pose<double>& a,
                             const Pose<double>& b) {
  const auto& reference = manifold.flip ? b : a;
  const auto& incident = manifold.flip ? a : b;
  const auto n = rotate(reference.rotation, manifold.local_normal);
  const auto plane = transform_left_to_right(reference, manifold.local_plane_point);
  WorldManifold world{};
  world.normal = manifold.flip ? -n : n;
  for (int i = 0; i < manifold.count; ++i) {
    world.points[i] = contact_point(incident, manifold.points[i].local, n, plane);
  }
  return world;
}

}  // namespace qwop::physics
