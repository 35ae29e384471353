// Contact points of two boxes, in the bodies' own frames, and their place in the world.
#pragma once

#include <array>
#include <cstdint>

#include "physics/body.hpp"

namespace qwop::physics {

inline constexpr int kMaxManifoldPoints = 2;

struct ManifoldPoint {
  Vec2<double> local;  // in the incident body's frame
  double normal_impulse, tangent_impulse;
  std::uint32_t id;  // features: reference edge | incident edge << 8 | vertex << 16 | flip << 24
};

struct Manifold {
  std::array<ManifoldPoint, kMaxManifoldPoints> points;
  Vec2<double> local_normal;       // of the reference edge, in the reference body's frame
  Vec2<double> local_plane_point;  // middle of the reference edge, same frame
  std::uint8_t count;
  bool flip;  // body B holds the reference edge

  // Whether it is as it began: boxes that missed each other late leave their edge behind.
  bool blank() const {
    return count == 0 && !flip && local_normal.x == 0.0 && local_normal.y == 0.0;
  }
};

// Left to right: this association is not Pose::transform's, and the bits tell them apart.
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> transform_left_to_right(const Pose<F>& pose, Vec2<F> v) {
  const auto& r = pose.rotation;
  return {pose.center.x + r.cos * v.x - r.sin * v.y, pose.center.y + r.sin * v.x + r.cos * v.y};
}

// Where a point of the incident body counts: half-way between the two skins. normal and plane are
// the reference edge's, in the world.
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> contact_point(const Pose<F>& incident, Vec2<F> local, Vec2<F> normal,
                                         Vec2<F> plane) {
  const auto q = transform_left_to_right(incident, local);
  const F radius(kPolygonRadius);
  const F half =
      F(0.5) * (radius - (q.x - plane.x) * normal.x - (q.y - plane.y) * normal.y - radius);
  return {q.x + half * normal.x, q.y + half * normal.y};
}

struct WorldManifold {
  Vec2<double> normal;
  std::array<Vec2<double>, kMaxManifoldPoints> points;  // an unused slot is (0, 0)
};

// Places a manifold in the world; points lie half-way between the two skins.
WorldManifold world_manifold(const Manifold& manifold, const Pose<double>& a,
                             const Pose<double>& b);

}  // namespace qwop::physics
