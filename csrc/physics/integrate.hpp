// Moving bodies by their velocities, over a lane type F.
#pragma once

#include "libm/sincos.hpp"
#include "physics/body.hpp"

namespace qwop::physics {

template <SinCosFlavor flavor, class F>
QWOP_ALWAYS_INLINE void refresh_rotation(Pose<F>& pose) {
  const auto r = sincos<flavor>(pose.angle);
  pose.rotation = {r.sin, r.cos};
}

// Gravity and torque. Adding zero to x turns a negative zero positive, as in the game.
template <class F>
QWOP_ALWAYS_INLINE void integrate_velocity(Velocity<F>& v, F inv_inertia, F torque) {
  v.linear.x = v.linear.x + F(0.0);
  v.linear.y = v.linear.y + F(kTimeStep * kGravityY);
  v.angular = v.angular + F(kTimeStep) * inv_inertia * torque;
}

// Caps both speeds, then moves. The rotation is stale after.
template <class F>
QWOP_ALWAYS_INLINE void integrate_position(Velocity<F>& v, Pose<F>& pose) {
  const F dt(kTimeStep);
  const Vec2<F> motion{dt * v.linear.x, dt * v.linear.y};
  const auto too_far = motion.x * motion.x + motion.y * motion.y > F(kMaxTranslationSquared);
  if (lanes::any(too_far)) {
    const F inv_length = F(1.0) / lanes::sqrt(v.linear.x * v.linear.x + v.linear.y * v.linear.y);
    const F cap(kMaxTranslation * kInvTimeStep);
    const Vec2<F> capped{v.linear.x * inv_length * cap, v.linear.y * inv_length * cap};
    v.linear = select(too_far, capped, v.linear);
  }
  const F turn = dt * v.angular;
  const auto too_fast = turn * turn > F(kMaxRotationSquared);
  if (lanes::any(too_fast)) {
    const F cap(kMaxRotation * kInvTimeStep);
    const F capped = lanes::select(v.angular < F(0.0), -cap, cap);
    v.angular = lanes::select(too_fast, capped, v.angular);
  }
  pose.center.x = pose.center.x + dt * v.linear.x;
  pose.center.y = pose.center.y + dt * v.linear.y;
  pose.angle = pose.angle + dt * v.angular;
}

}  // namespace qwop::physics
