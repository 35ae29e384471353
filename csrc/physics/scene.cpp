#include "physics/scene.hpp"

#include <cassert>

#include "libm/sincos.hpp"

namespace qwop::physics {
namespace {

// Area and second moment of a box by the polygon formula, edge by edge: the sums must round as the
// game's do. Terms that only add zeros (the reference point is the center) are left out.
struct BoxMoments {
  double area = 0.0, second = 0.0;
};

BoxMoments box_moments(double hx, double hy) {
  constexpr double kThird = 0.3333333333333333;
  const std::array<Vec2<double>, 4> v{{{-hx, -hy}, {hx, -hy}, {hx, hy}, {-hx, hy}}};
  BoxMoments m;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto p = v[i];
    const auto q = v[(i + 1) % 4];
    const double d = p.x * q.y - p.y * q.x;
    m.area += 0.5 * d;
    const double xx = kThird * (0.25 * (p.x * p.x + q.x * p.x + q.x * q.x));
    const double yy = kThird * (0.25 * (p.y * p.y + q.y * p.y + q.y * q.y));
    m.second += d * (xx + yy);
  }
  return m;
}

}  // namespace

int Scene::add_body(const BodyDef& def) {
  assert(body_count < kMaxBodies);
  auto& body = bodies[body_count];
  body = {};
  body.def = def;
  if (body.dynamic()) {
    const auto m = box_moments(def.half_width, def.half_height);
    body.mass = def.density * m.area;
    body.inv_mass = 1.0 / body.mass;
    body.inertia = def.density * m.second;
    body.inv_inertia = 1.0 / body.inertia;
  }
  return body_count++;
}

int Scene::add_joint(const JointDef& def) {
  assert(joint_count < kMaxJoints);
  const auto local = [&](int index, Vec2<double> anchor) {
    if (def.anchors_are_local) return anchor;
    const auto& body = bodies[index].def;
    const auto r = sincos(flavor, body.angle);
    return unrotate(Rotation<double>{r.sin, r.cos}, anchor - body.position);
  };
  joints[joint_count] = {
      .body_a = def.body_a,
      .body_b = def.body_b,
      .local_anchor_a = local(def.body_a, def.anchor_a),
      .local_anchor_b = local(def.body_b, def.anchor_b),
      .reference_angle = def.reference_angle,
      .max_motor_torque = def.max_motor_torque,
      .motor_mass = 1.0 / (bodies[def.body_a].inv_inertia + bodies[def.body_b].inv_inertia),
      .lower = def.lower,
      .upper = def.upper,
      .motor_enabled = def.motor_enabled,
  };
  return joint_count++;
}

void Scene::finish() {
  for (int i = 0; i < body_count; ++i) {
    auto& a = bodies[i];
    a.partners = 0;
    for (int j = 0; j < body_count; ++j) {
      const auto& b = bodies[j];
      const bool filters = (a.def.mask & b.def.category) != 0 && (b.def.mask & a.def.category) != 0;
      if (i != j && filters && (a.dynamic() || b.dynamic())) a.partners |= 1u << j;
    }
  }
  body_joint_count.fill(0);
  for (int k = joint_count - 1; k >= 0; --k) {
    const auto& joint = joints[k];
    for (const int body : {joint.body_a, joint.body_b}) {
      body_joints[body][body_joint_count[body]++] = static_cast<std::int8_t>(k);
    }
    bodies[joint.body_a].partners &= ~(1u << joint.body_b);
    bodies[joint.body_b].partners &= ~(1u << joint.body_a);
  }
}

}  // namespace qwop::physics
