// What moves: pose and velocity of a body, over a lane type F, and the scalar state around them.
#pragma once

#include "physics/aabb.hpp"
#include "physics/vec2.hpp"

namespace qwop::physics {

// Centre of mass (every shape is centred on its body) and angle, with the angle's sine and cosine.
template <class F>
struct Pose {
  Vec2<F> centre;
  F angle;
  Rotation<F> rotation;

  // A point of the body in the world.
  QWOP_ALWAYS_INLINE Vec2<F> transform(Vec2<F> local) const {
    return centre + rotate(rotation, local);
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
inline Aabb tight_box(const Pose<double>& pose, double half_width, double half_height) {
  const double c = pose.rotation.cos, s = pose.rotation.sin;
  const double ex = lanes::abs(c * half_width) + lanes::abs(s * half_height);
  const double ey = lanes::abs(s * half_width) + lanes::abs(c * half_height);
  return {{pose.centre.x - ex - kPolygonRadius, pose.centre.y - ey - kPolygonRadius},
          {pose.centre.x + ex + kPolygonRadius, pose.centre.y + ey + kPolygonRadius}};
}

}  // namespace qwop::physics
