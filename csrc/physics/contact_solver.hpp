// Contact constraints over a lane type F: impulses that stop two bodies from sinking into each
// other (normal) and from sliding (tangent), and corrections of what penetration is left.
//
// A is the first body of the contact, B the second; the normal points from A to B. Restitution is
// zero in this world, so no velocity is given back.
#pragma once

#include <array>

#include "physics/body.hpp"
#include "physics/manifold.hpp"

namespace qwop::physics {

template <class F>
struct MassData {
  F mass, inv_mass, inv_inertia;
};

template <class F>
struct ContactPoint {
  Vec2<F> local;  // in the incident body's frame
  Vec2<F> arm_a, arm_b;
  F normal_impulse, tangent_impulse;
  F normal_mass, tangent_mass, equalised_mass;
};

template <class F>
struct ContactConstraint {
  std::array<ContactPoint<F>, kMaxManifoldPoints> points;
  Vec2<F> local_normal, local_plane_point;
  Vec2<F> normal;
  Sym22<F> k, block_mass;  // of the two points' normal impulses together, and its inverse
  F friction;
  lanes::Mask<F> flip;
  lanes::Mask<F> two_points;  // after set-up: solved as a block; an ill-conditioned pair is not
};

// World points and arms must be those of the poses before the step moves anything.
template <class F>
QWOP_ALWAYS_INLINE void prepare_point(ContactPoint<F>& p, Vec2<F> normal, Vec2<F> world_point,
                                      const MassData<F>& a, const MassData<F>& b, Vec2<F> center_a,
                                      Vec2<F> center_b) {
  p.arm_a = world_point - center_a;
  p.arm_b = world_point - center_b;
  F ka = cross(p.arm_a, normal);
  F kb = cross(p.arm_b, normal);
  ka = ka * ka;
  kb = kb * kb;
  p.normal_mass = F(1.0) / (a.inv_mass + b.inv_mass + a.inv_inertia * ka + b.inv_inertia * kb);
  const F equal = a.mass * a.inv_mass + b.mass * b.inv_mass;
  p.equalised_mass = F(1.0) / (equal + (a.mass * a.inv_inertia * ka + b.mass * b.inv_inertia * kb));
  const Vec2<F> tangent{normal.y, -normal.x};
  F ta = cross(p.arm_a, tangent);
  F tb = cross(p.arm_b, tangent);
  ta = ta * ta;
  tb = tb * tb;
  p.tangent_mass = F(1.0) / (a.inv_mass + b.inv_mass + a.inv_inertia * ta + b.inv_inertia * tb);
}

// The matrix of two points solved together; two_points is cleared where it is too ill-conditioned,
// and only the first point is solved then.
template <class F>
QWOP_ALWAYS_INLINE void prepare_block(ContactConstraint<F>& c, const MassData<F>& a,
                                      const MassData<F>& b) {
  const auto& p = c.points[0];
  const auto& q = c.points[1];
  const F pa = cross(p.arm_a, c.normal), pb = cross(p.arm_b, c.normal);
  const F qa = cross(q.arm_a, c.normal), qb = cross(q.arm_b, c.normal);
  const F inv_mass = a.inv_mass + b.inv_mass;
  c.k.xx = inv_mass + a.inv_inertia * pa * pa + b.inv_inertia * pb * pb;
  c.k.yy = inv_mass + a.inv_inertia * qa * qa + b.inv_inertia * qb * qb;
  c.k.xy = inv_mass + a.inv_inertia * pa * qa + b.inv_inertia * pb * qb;
  const auto regular =
      F(kMaxConditionNumber) * (c.k.xx * c.k.yy - c.k.xy * c.k.xy) > c.k.xx * c.k.xx;
  c.two_points = lanes::both(c.two_points, regular);
  c.block_mass = inverse(c.k);
}

// Adds impulse p at arms to both bodies' velocities.
template <class F>
QWOP_ALWAYS_INLINE void apply_impulse(Vec2<F> p, Vec2<F> arm_a, Vec2<F> arm_b, const MassData<F>& a,
                                      const MassData<F>& b, Velocity<F>& va, Velocity<F>& vb) {
  va.linear.x = va.linear.x - a.inv_mass * p.x;
  va.linear.y = va.linear.y - a.inv_mass * p.y;
  va.angular = va.angular - a.inv_inertia * cross(arm_a, p);
  vb.linear.x = vb.linear.x + b.inv_mass * p.x;
  vb.linear.y = vb.linear.y + b.inv_mass * p.y;
  vb.angular = vb.angular + b.inv_inertia * cross(arm_b, p);
}

// Impulses of the step before, scaled by the ratio of the steps' lengths.
template <class F>
QWOP_ALWAYS_INLINE void warm_start(ContactPoint<F>& p, Vec2<F> normal, F ratio,
                                   const MassData<F>& a, const MassData<F>& b, Velocity<F>& va,
                                   Velocity<F>& vb) {
  p.normal_impulse = p.normal_impulse * ratio;
  p.tangent_impulse = p.tangent_impulse * ratio;
  const Vec2<F> tangent{normal.y, -normal.x};
  const Vec2<F> impulse{p.normal_impulse * normal.x + p.tangent_impulse * tangent.x,
                        p.normal_impulse * normal.y + p.tangent_impulse * tangent.y};
  apply_impulse(impulse, p.arm_a, p.arm_b, a, b, va, vb);
}

// Velocity of B relative to A at the point.
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> relative_velocity(const ContactPoint<F>& p, const Velocity<F>& va,
                                             const Velocity<F>& vb) {
  return {vb.linear.x - vb.angular * p.arm_b.y - va.linear.x + va.angular * p.arm_a.y,
          vb.linear.y + vb.angular * p.arm_b.x - va.linear.y - va.angular * p.arm_a.x};
}

template <class F>
QWOP_ALWAYS_INLINE void solve_friction(ContactPoint<F>& p, Vec2<F> normal, F friction,
                                       const MassData<F>& a, const MassData<F>& b, Velocity<F>& va,
                                       Velocity<F>& vb) {
  const Vec2<F> tangent{normal.y, -normal.x};
  const F speed = dot(relative_velocity(p, va, vb), tangent);
  const F limit = friction * p.normal_impulse;
  const F impulse = bounded(p.tangent_impulse + p.tangent_mass * -speed, -limit, limit);
  const F change = impulse - p.tangent_impulse;
  p.tangent_impulse = impulse;
  apply_impulse({change * tangent.x, change * tangent.y}, p.arm_a, p.arm_b, a, b, va, vb);
}

template <class F>
QWOP_ALWAYS_INLINE void solve_one_point(ContactPoint<F>& p, Vec2<F> normal, const MassData<F>& a,
                                        const MassData<F>& b, Velocity<F>& va, Velocity<F>& vb) {
  const F speed = dot(relative_velocity(p, va, vb), normal);
  const F impulse = lanes::max(p.normal_impulse + -p.normal_mass * speed, F(0.0));
  const F change = impulse - p.normal_impulse;
  p.normal_impulse = impulse;
  apply_impulse({change * normal.x, change * normal.y}, p.arm_a, p.arm_b, a, b, va, vb);
}

template <class F>
struct BlockSolution {
  Vec2<F> impulses;
  lanes::Mask<F> found;
};

// The linear complementarity problem of two points: impulses x and normal speeds K x + b are not
// negative, and one of each pair is zero. The four cases in turn; where none fits, nothing changes.
template <class F>
QWOP_ALWAYS_INLINE BlockSolution<F> solve_block_lcp(const ContactConstraint<F>& c, Vec2<F> b) {
  const F zero(0.0);
  const auto& k = c.k;
  const auto& m = c.block_mass;
  const Vec2<F> both_touch{-(m.xx * b.x + m.xy * b.y), -(m.xy * b.x + m.yy * b.y)};
  const auto case1 = lanes::both(both_touch.x >= zero, both_touch.y >= zero);
  const F first = -c.points[0].normal_mass * b.x;
  const auto case2 = lanes::both(first >= zero, k.xy * first + b.y >= zero);
  const F second = -c.points[1].normal_mass * b.y;
  const auto case3 = lanes::both(second >= zero, k.xy * second + b.x >= zero);
  const auto case4 = lanes::both(b.x >= zero, b.y >= zero);
  Vec2<F> x{zero, zero};
  x = select(case3, Vec2<F>{zero, second}, x);
  x = select(case2, Vec2<F>{first, zero}, x);
  x = select(case1, both_touch, x);
  return {x, lanes::either(lanes::either(case1, case2), lanes::either(case3, case4))};
}

template <class F>
QWOP_ALWAYS_INLINE void solve_two_points(ContactConstraint<F>& c, const MassData<F>& a,
                                         const MassData<F>& b, Velocity<F>& va, Velocity<F>& vb) {
  auto& p = c.points[0];
  auto& q = c.points[1];
  const Vec2<F> old{p.normal_impulse, q.normal_impulse};
  Vec2<F> speed{dot(relative_velocity(p, va, vb), c.normal),
                dot(relative_velocity(q, va, vb), c.normal)};
  speed.x = speed.x - (c.k.xx * old.x + c.k.xy * old.y);
  speed.y = speed.y - (c.k.xy * old.x + c.k.yy * old.y);
  const auto solution = solve_block_lcp(c, speed);
  if (!lanes::any(solution.found)) return;

  const auto change = solution.impulses - old;
  const Vec2<F> pi{change.x * c.normal.x, change.x * c.normal.y};
  const Vec2<F> qi{change.y * c.normal.x, change.y * c.normal.y};
  const auto keep = [&](F fresh, F before) { return lanes::select(solution.found, fresh, before); };
  const auto turn = [&](Vec2<F> arm_p, Vec2<F> arm_q) {
    return arm_p.x * pi.y - arm_p.y * pi.x + arm_q.x * qi.y - arm_q.y * qi.x;
  };
  va.linear.x = keep(va.linear.x - a.inv_mass * (pi.x + qi.x), va.linear.x);
  va.linear.y = keep(va.linear.y - a.inv_mass * (pi.y + qi.y), va.linear.y);
  va.angular = keep(va.angular - a.inv_inertia * turn(p.arm_a, q.arm_a), va.angular);
  vb.linear.x = keep(vb.linear.x + b.inv_mass * (pi.x + qi.x), vb.linear.x);
  vb.linear.y = keep(vb.linear.y + b.inv_mass * (pi.y + qi.y), vb.linear.y);
  vb.angular = keep(vb.angular + b.inv_inertia * turn(p.arm_b, q.arm_b), vb.angular);
  p.normal_impulse = keep(solution.impulses.x, old.x);
  q.normal_impulse = keep(solution.impulses.y, old.y);
}

// How deep a contact is, measured once an iteration before either body moves.
template <class F>
struct Penetration {
  Vec2<F> normal;
  std::array<Vec2<F>, kMaxManifoldPoints> points;
  std::array<F, kMaxManifoldPoints> separations;
};

template <class F>
QWOP_ALWAYS_INLINE Penetration<F> measure_penetration(const ContactConstraint<F>& c,
                                                      const Pose<F>& pose_a, const Pose<F>& pose_b,
                                                      int point_count) {
  const auto choose = [&](const Pose<F>& yes, const Pose<F>& no) {
    return Pose<F>{select(c.flip, yes.center, no.center), no.angle,
                   select(c.flip, yes.rotation, no.rotation)};
  };
  const auto reference = choose(pose_b, pose_a);
  const auto incident = choose(pose_a, pose_b);
  const auto front = rotate(reference.rotation, c.local_normal);
  const auto plane = reference.transform(c.local_plane_point);
  Penetration<F> measured;
  measured.normal = select(c.flip, -front, front);
  for (int i = 0; i < point_count; ++i) {
    measured.points[i] = incident.transform(c.points[i].local);
    measured.separations[i] = dot(measured.points[i] - plane, front) - F(kContactRadius);
  }
  return measured;
}

// Pushes the bodies apart at one point. The arms follow the centers as they move; rotations are
// stale after.
template <class F>
QWOP_ALWAYS_INLINE void push_apart(const ContactPoint<F>& p, Vec2<F> normal, Vec2<F> point,
                                   F separation, const MassData<F>& a, const MassData<F>& b,
                                   Pose<F>& pose_a, Pose<F>& pose_b) {
  const auto arm_a = point - pose_a.center;
  const auto arm_b = point - pose_b.center;
  const F correction = bounded(separation + F(kLinearSlop), F(-kMaxLinearCorrection), F(0.0));
  const F size = -p.equalised_mass * correction;
  const Vec2<F> push{size * normal.x, size * normal.y};
  const F mass_a = a.mass * a.inv_mass, mass_b = b.mass * b.inv_mass;
  pose_a.center.x = pose_a.center.x - mass_a * push.x;
  pose_a.center.y = pose_a.center.y - mass_a * push.y;
  pose_a.angle = pose_a.angle - a.mass * a.inv_inertia * cross(arm_a, push);
  pose_b.center.x = pose_b.center.x + mass_b * push.x;
  pose_b.center.y = pose_b.center.y + mass_b * push.y;
  pose_b.angle = pose_b.angle + b.mass * b.inv_inertia * cross(arm_b, push);
}

}  // namespace qwop::physics
