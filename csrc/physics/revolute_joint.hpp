// A pin between two bodies, with an angle limit and a motor, over a lane type F.
//
// As in the Box2D of the real game, what is accumulated are forces, not impulses: they are divided
// by the time step on the way in and multiplied by it on the way out.
#pragma once

#include "physics/body.hpp"
#include "physics/scene.hpp"

namespace qwop::physics {

using lanes::Bits;

// Codes rather than an enum, so that each lane can hold its own in a double.
namespace limit_state {
inline constexpr double kUnset = -1.0;  // never set up: counts as none of the others
inline constexpr double kFree = 0.0;
inline constexpr double kAtLower = 1.0;
inline constexpr double kAtUpper = 2.0;
inline constexpr double kEqual = 3.0;  // both limits at the same angle: a rigid joint
}  // namespace limit_state

template <class F>
struct JointState {
  Vec2<F> force;
  F motor_force, limit_force;
  F limit_state;
  F motor_speed;
  F lower, upper;
  lanes::Mask<F> motor_enabled, limit_enabled;
};

// What a step works out anew.
template <class F>
struct JointConstraint {
  Vec2<F> arm_a, arm_b;
  Sym22<F> mass;
  lanes::Mask<F> at_limit;
  F limit_angle;
  Bits<F> limit_sign;  // sign bit where it is the lower one: turns angles so that more is beyond
  F limit_position_impulse;  // of the position iterations, turned so: not positive
};

struct JointMasses {
  double inv_mass_a, inv_inertia_a;
  double inv_mass_b, inv_inertia_b;
};

QWOP_ALWAYS_INLINE JointMasses joint_masses(const Scene& scene, const JointParams& joint) {
  const auto& a = scene.bodies[joint.body_a];
  const auto& b = scene.bodies[joint.body_b];
  return {a.inv_mass, a.inv_inertia, b.inv_mass, b.inv_inertia};
}

// Whether the limits of a joint lie so close that it is rigid. The game only ever gives such limits
// to a joint for good, so this is a property of the joint.
QWOP_ALWAYS_INLINE bool is_rigid(const JointParams& joint) {
  return lanes::abs(joint.upper - joint.lower) < 2.0 * kAngularSlop;
}

// Effective mass matrix of the pin, summed in the game's order.
template <class F>
QWOP_ALWAYS_INLINE Sym22<F> pin_matrix(const JointMasses& m, Vec2<F> ra, Vec2<F> rb) {
  const F inv_mass(m.inv_mass_a + m.inv_mass_b);
  const F ia(m.inv_inertia_a), ib(m.inv_inertia_b);
  return {inv_mass + ia * ra.y * ra.y + ib * rb.y * rb.y,
          F(0.0) - ia * ra.x * ra.y - ib * rb.x * rb.y,
          inv_mass + ia * ra.x * ra.x + ib * rb.x * rb.x};
}

template <class F>
QWOP_ALWAYS_INLINE void turn_apart(F impulse, const JointMasses& m, F& a, F& b) {
  a = a - F(m.inv_inertia_a) * impulse;
  b = b + F(m.inv_inertia_b) * impulse;
}

template <class F>
QWOP_ALWAYS_INLINE void update_limit_state(const JointParams& params, JointState<F>& joint,
                                           F angle_a, F angle_b) {
  const F zero(0.0);
  if (is_rigid(params)) {
    joint.limit_state =
        lanes::select(joint.limit_enabled, F(limit_state::kEqual), joint.limit_state);
    joint.limit_force = lanes::select(joint.limit_enabled, joint.limit_force, zero);
    return;
  }
  const F angle = angle_b - angle_a - F(params.reference_angle);
  const F state = lanes::select(
      angle <= joint.lower, F(limit_state::kAtLower),
      lanes::select(angle >= joint.upper, F(limit_state::kAtUpper), F(limit_state::kFree)));
  // Entering a limit, and not being at one, starts from no force.
  const auto stays = lanes::both(
      joint.limit_enabled, lanes::both(state == joint.limit_state, state != F(limit_state::kFree)));
  joint.limit_force = lanes::select(stays, joint.limit_force, zero);
  joint.limit_state = lanes::select(joint.limit_enabled, state, joint.limit_state);
}

// Set-up of a step, and its warm start: the forces of the step before act at once.
template <class F>
QWOP_ALWAYS_INLINE void prepare_joint(const JointParams& params, const JointMasses& m,
                                      JointState<F>& joint, JointConstraint<F>& c,
                                      const Pose<F>& pose_a, const Pose<F>& pose_b, Velocity<F>& va,
                                      Velocity<F>& vb) {
  const F dt(kTimeStep);
  c.arm_a = rotate(pose_a.rotation, {F(params.local_anchor_a.x), F(params.local_anchor_a.y)});
  c.arm_b = rotate(pose_b.rotation, {F(params.local_anchor_b.x), F(params.local_anchor_b.y)});
  c.mass = inverse(pin_matrix(m, c.arm_a, c.arm_b));
  joint.motor_force = lanes::select(joint.motor_enabled, joint.motor_force, F(0.0));
  update_limit_state(params, joint, pose_a.angle, pose_b.angle);
  c.at_limit = lanes::both(joint.limit_enabled, joint.limit_state != F(limit_state::kFree));
  const auto at_lower = joint.limit_state == F(limit_state::kAtLower);
  c.limit_angle = lanes::select(at_lower, joint.lower, joint.upper);
  c.limit_sign = lanes::select(at_lower, Bits<F>(lanes::kSignBit), Bits<F>(0));
  c.limit_position_impulse = F(0.0);

  const auto& f = joint.force;
  const F dt_mass_a = dt * F(m.inv_mass_a), dt_inertia_a = dt * F(m.inv_inertia_a);
  const F dt_mass_b = dt * F(m.inv_mass_b), dt_inertia_b = dt * F(m.inv_inertia_b);
  va.linear.x = va.linear.x - dt_mass_a * f.x;
  va.linear.y = va.linear.y - dt_mass_a * f.y;
  va.angular =
      va.angular - dt_inertia_a * (cross(c.arm_a, f) + joint.motor_force + joint.limit_force);
  vb.linear.x = vb.linear.x + dt_mass_b * f.x;
  vb.linear.y = vb.linear.y + dt_mass_b * f.y;
  vb.angular =
      vb.angular + dt_inertia_b * (cross(c.arm_b, f) + joint.motor_force + joint.limit_force);
}

template <class F>
QWOP_ALWAYS_INLINE void solve_pin_velocity(const JointMasses& m, JointState<F>& joint,
                                           const JointConstraint<F>& c, Velocity<F>& va,
                                           Velocity<F>& vb) {
  const F minus_inv_dt(-kInvTimeStep), dt(kTimeStep);
  const Vec2<F> speed{vb.linear.x - vb.angular * c.arm_b.y - va.linear.x + va.angular * c.arm_a.y,
                      vb.linear.y + vb.angular * c.arm_b.x - va.linear.y - va.angular * c.arm_a.x};
  const Vec2<F> force{minus_inv_dt * (c.mass.xx * speed.x + c.mass.xy * speed.y),
                      minus_inv_dt * (c.mass.xy * speed.x + c.mass.yy * speed.y)};
  joint.force = joint.force + force;
  const Vec2<F> p{dt * force.x, dt * force.y};
  va.linear.x = va.linear.x - F(m.inv_mass_a) * p.x;
  va.linear.y = va.linear.y - F(m.inv_mass_a) * p.y;
  va.angular = va.angular - F(m.inv_inertia_a) * cross(c.arm_a, p);
  vb.linear.x = vb.linear.x + F(m.inv_mass_b) * p.x;
  vb.linear.y = vb.linear.y + F(m.inv_mass_b) * p.y;
  vb.angular = vb.angular + F(m.inv_inertia_b) * cross(c.arm_b, p);
}

// Adds a change of torque to both spins, where active.
template <class F>
QWOP_ALWAYS_INLINE void apply_torque(lanes::Mask<F> active, F change, const JointMasses& m,
                                     Velocity<F>& va, Velocity<F>& vb) {
  const F dt_a(m.inv_inertia_a * kTimeStep), dt_b(m.inv_inertia_b * kTimeStep);
  va.angular = lanes::select(active, va.angular - dt_a * change, va.angular);
  vb.angular = lanes::select(active, vb.angular + dt_b * change, vb.angular);
}

template <class F>
QWOP_ALWAYS_INLINE void solve_motor(const JointParams& params, const JointMasses& m,
                                    JointState<F>& joint, Velocity<F>& va, Velocity<F>& vb) {
  if (!params.motor_enabled) return;  // never turned on later: the game only turns motors off
  const auto active = joint.motor_enabled;
  if (!lanes::any(active)) return;
  const F gain(-kInvTimeStep * params.motor_mass);
  const F torque = gain * (vb.angular - va.angular - joint.motor_speed);
  const F most(params.max_motor_torque);
  const F force = bounded(joint.motor_force + torque, -most, most);
  const F change = force - joint.motor_force;
  joint.motor_force = lanes::select(active, force, joint.motor_force);
  apply_torque(active, change, m, va, vb);
}

template <class F>
QWOP_ALWAYS_INLINE void solve_limit_velocity(const JointParams& params, const JointMasses& m,
                                             JointState<F>& joint, lanes::Mask<F> active,
                                             Velocity<F>& va, Velocity<F>& vb) {
  const F zero(0.0);
  if (!lanes::any(active)) return;
  const F gain(-kInvTimeStep * params.motor_mass);
  const F torque = gain * (vb.angular - va.angular);
  const F sum = joint.limit_force + torque;
  if (is_rigid(params)) {
    joint.limit_force = lanes::select(active, sum, joint.limit_force);
    apply_torque(active, torque, m, va, vb);
    return;
  }
  const F force = lanes::select(joint.limit_state == F(limit_state::kAtLower),
                                lanes::max(sum, zero), lanes::min(sum, zero));
  const F change = force - joint.limit_force;
  joint.limit_force = lanes::select(active, force, joint.limit_force);
  apply_torque(active, change, m, va, vb);
}

// One velocity iteration of one joint.
template <class F>
QWOP_ALWAYS_INLINE void solve_joint_velocity(const JointParams& params, const JointMasses& m,
                                             JointState<F>& joint, const JointConstraint<F>& c,
                                             Velocity<F>& va, Velocity<F>& vb) {
  solve_pin_velocity(m, joint, c, va, vb);
  solve_motor(params, m, joint, va, vb);
  solve_limit_velocity(params, m, joint, c.at_limit, va, vb);
}

// The limit's part of a position iteration. Returns where the angle is good enough.
template <class F>
QWOP_ALWAYS_INLINE lanes::Mask<F> solve_limit_position(const JointParams& params,
                                                       const JointMasses& m, JointConstraint<F>& c,
                                                       F& angle_a, F& angle_b) {
  const F zero(0.0), most(kMaxAngularCorrection), minus_mass(-params.motor_mass);
  const auto active = c.at_limit;
  const F angle = angle_b - angle_a - F(params.reference_angle);
  F impulse, error;
  if (is_rigid(params)) {
    const F e = bounded(angle, -most, most);
    impulse = minus_mass * e;
    error = lanes::abs(e);
  } else {
    error = lanes::flip_sign(angle - c.limit_angle, c.limit_sign);
    const F correction = lanes::clamp(error - F(kAngularSlop), zero, most);
    const F total = lanes::min(c.limit_position_impulse + minus_mass * correction, zero);
    impulse = lanes::flip_sign(total, c.limit_sign) -
              lanes::flip_sign(c.limit_position_impulse, c.limit_sign);
    c.limit_position_impulse = total;
  }
  F turned_a = angle_a, turned_b = angle_b;
  turn_apart(impulse, m, turned_a, turned_b);
  angle_a = lanes::select(active, turned_a, angle_a);
  angle_b = lanes::select(active, turned_b, angle_b);
  return lanes::either(lanes::negate(active), error <= F(kAngularSlop));
}

// One position iteration of one joint. Returns where the joint is good enough; rotations are stale
// after.
template <class F>
QWOP_ALWAYS_INLINE lanes::Mask<F> solve_joint_position(const JointParams& params,
                                                       const JointMasses& m, JointConstraint<F>& c,
                                                       Pose<F>& pose_a, Pose<F>& pose_b) {
  const auto ra = rotate(pose_a.rotation, {F(params.local_anchor_a.x), F(params.local_anchor_a.y)});
  const auto rb = rotate(pose_b.rotation, {F(params.local_anchor_b.x), F(params.local_anchor_b.y)});
  const auto gap = (pose_b.center + rb) - (pose_a.center + ra);
  const F length_squared = gap.x * gap.x + gap.y * gap.y;
  const auto p = solve(pin_matrix(m, ra, rb), -gap);
  pose_a.center.x = pose_a.center.x - F(m.inv_mass_a) * p.x;
  pose_a.center.y = pose_a.center.y - F(m.inv_mass_a) * p.y;
  pose_a.angle = pose_a.angle - F(m.inv_inertia_a) * cross(ra, p);
  pose_b.center.x = pose_b.center.x + F(m.inv_mass_b) * p.x;
  pose_b.center.y = pose_b.center.y + F(m.inv_mass_b) * p.y;
  pose_b.angle = pose_b.angle + F(m.inv_inertia_b) * cross(rb, p);
  const auto angle_fits = solve_limit_position(params, m, c, pose_a.angle, pose_b.angle);
  return lanes::both(length_squared <= F(kLinearSlopSquared), angle_fits);
}

}  // namespace qwop::physics
