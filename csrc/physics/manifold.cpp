#include "physics/manifold.hpp"

namespace qwop::physics {
namespace {

// Left to right: this association is not Pose::transform's, and the bits tell them apart.
Vec2<double> transform_left_to_right(const Pose<double>& pose, Vec2<double> v) {
  const auto& r = pose.rotation;
  return {pose.centre.x + r.cos * v.x - r.sin * v.y, pose.centre.y + r.sin * v.x + r.cos * v.y};
}

}  // namespace

WorldManifold world_manifold(const Manifold& manifold, const Pose<double>& a,
                             const Pose<double>& b) {
  const auto& reference = manifold.flip ? b : a;
  const auto& incident = manifold.flip ? a : b;
  const auto n = rotate(reference.rotation, manifold.local_normal);
  const auto plane = transform_left_to_right(reference, manifold.local_plane_point);
  WorldManifold world{};
  world.normal = manifold.flip ? -n : n;
  for (int i = 0; i < manifold.count; ++i) {
    const auto q = transform_left_to_right(incident, manifold.points[i].local);
    const double half =
        0.5 * (kPolygonRadius - (q.x - plane.x) * n.x - (q.y - plane.y) * n.y - kPolygonRadius);
    world.points[i] = {q.x + half * n.x, q.y + half * n.y};
  }
  return world;
}

}  // namespace qwop::physics
