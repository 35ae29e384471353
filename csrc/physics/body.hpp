// What moves: pose and velocity of a body, over a lane type F, and the scalar state around them.
#pragma once

#include "physics/aabb.hpp"
#include "physics/vec2.hpp"

namespace qwop::physics {

// Center of mass (every shape is centered on its body) and angle, with the angle's sine and cosine.
template <class F>
struct Pose {
  Vec2<F> center;
  F angle;
  Rotation<F> rotation;

  // A point of the body in the world.
  QWOP_ALWAYS_INLINE Vec2<F> transform(Vec2<F> local) const {
    return center + rotate(rotation, local);
  }
};

template <class F>
struct Velocity {
  Vec2<F> linear;
  F angular;
};

struct Body {
  Pose<double> pose;
  Velocity<double> velocity;
  double torque;  // stays until the body falls asleep: a step does not clear it
  double sleep_time;
  Aabb fixture_box;  // swept over the last step
};

// Unfattened box around a box shape at a pose. Equal to the extremes of the four corners, bit for
// bit, because rounding is monotone and symmetric in sign.
template <class F>
QWOP_ALWAYS_INLINE Box2<F> tight_box(const Pose<F>& pose, double half_width, double half_height) {
  const F c = pose.rotation.cos, s = pose.rotation.sin, radius(kPolygonRadius);
  const F ex = lanes::abs(c * F(half_width)) + lanes::abs(s * F(half_height));
  const F ey = lanes::abs(s * F(half_width)) + lanes::abs(c * F(half_height));
  return {{pose.center.x - ex - radius, pose.center.y - ey - radius},
          {pose.center.x + ex + radius, pose.center.y + ey + radius}};
}

}  // namespace qwop::physics
