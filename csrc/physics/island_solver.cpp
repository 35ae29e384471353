#include <limits>

#include "physics/contact_solver.hpp"
#include "physics/integrate.hpp"
#include "physics/island.hpp"

namespace qwop::physics {
namespace {

template <SinCosFlavor flavor>
class IslandSolver {
 public:
  IslandSolver(const Scene& scene, WorldData& data, const Island& island)
      : scene_(scene), data_(data), island_(island) {}

  void solve(StepStart& start) {
    integrate_velocities();
    prepare_contacts();
    prepare_joints();
    for (int iteration = 0; iteration < kVelocityIterations; ++iteration) {
      solve_joint_velocities();
      solve_contact_velocities();
    }
    store_impulses();
    integrate_positions(start);
    for (int iteration = 0; iteration < kPositionIterations; ++iteration) {
      const bool contacts_good = solve_contact_positions();
      const bool joints_good = solve_joint_positions();
      if (contacts_good && joints_good) break;
    }
    update_sleep();
  }

 private:
  struct ContactEntry {
    ContactConstraint<double> constraint;
    Body *a, *b;
    MassData<double> mass_a, mass_b;
    Contact* contact;
    int point_count;  // solved together; 1 when two points are too ill-conditioned
  };
  struct JointEntry {
    const JointParams* params;
    JointMasses masses;
    JointState<double>* state;
    JointConstraint<double> constraint;
    Body *a, *b;
  };

  MassData<double> mass_data(int body) const {
    const auto& p = scene_.bodies[body];
    return {p.mass, p.inv_mass, p.inv_inertia};
  }

  void integrate_velocities() {
    for (int i = 0; i < island_.body_count; ++i) {
      const int index = island_.bodies[i];
      const auto& params = scene_.bodies[index];
      auto& body = data_.bodies[index];
      if (params.dynamic()) integrate_velocity(body.velocity, params.inv_inertia, body.torque);
    }
  }

  void prepare_contacts() {
    for (int i = 0; i < island_.contact_count; ++i) prepare_contact(contacts_[i], i);
    for (int i = 0; i < island_.contact_count; ++i) {
      auto& e = contacts_[i];
      for (int k = 0; k < e.point_count; ++k) {
        warm_start(e.constraint.points[k], e.constraint.normal, data_.warm_start_ratio, e.mass_a,
                   e.mass_b, e.a->velocity, e.b->velocity);
      }
    }
  }

  void prepare_contact(ContactEntry& e, int i) {
    e.contact = &data_.contacts[island_.contacts[i]];
    const int ia = e.contact->body_a, ib = e.contact->body_b;
    e.a = &data_.bodies[ia];
    e.b = &data_.bodies[ib];
    e.mass_a = mass_data(ia);
    e.mass_b = mass_data(ib);
    const auto& manifold = e.contact->manifold;
    const auto world = world_manifold(manifold, e.a->pose, e.b->pose);
    auto& c = e.constraint;
    c.local_normal = manifold.local_normal;
    c.local_plane_point = manifold.local_plane_point;
    c.normal = world.normal;
    c.flip = manifold.flip;
    c.friction = lanes::sqrt(scene_.bodies[ia].def.friction * scene_.bodies[ib].def.friction);
    for (int k = 0; k < manifold.count; ++k) {
      auto& p = c.points[k];
      p.local = manifold.points[k].local;
      p.normal_impulse = manifold.points[k].normal_impulse;
      p.tangent_impulse = manifold.points[k].tangent_impulse;
      prepare_point(p, c.normal, world.points[k], e.mass_a, e.mass_b, e.a->pose.center,
                    e.b->pose.center);
    }
    c.two_points = manifold.count == 2;
    if (c.two_points) prepare_block(c, e.mass_a, e.mass_b);
    e.point_count = c.two_points ? 2 : 1;
  }

  void prepare_joints() {
    for (int i = 0; i < island_.joint_count; ++i) {
      auto& e = joints_[i];
      const int k = island_.joints[i];
      e.params = &scene_.joints[k];
      e.masses = joint_masses(scene_, *e.params);
      e.state = &data_.joints[k];
      e.a = &data_.bodies[e.params->body_a];
      e.b = &data_.bodies[e.params->body_b];
      prepare_joint(*e.params, e.masses, *e.state, e.constraint, e.a->pose, e.b->pose,
                    e.a->velocity, e.b->velocity);
    }
  }

  void solve_joint_velocities() {
    for (int i = 0; i < island_.joint_count; ++i) {
      auto& e = joints_[i];
      solve_joint_velocity(*e.params, e.masses, *e.state, e.constraint, e.a->velocity,
                           e.b->velocity);
    }
  }

  // Friction first: keeping bodies apart matters more, so the normal impulses come last.
  void solve_contact_velocities() {
    for (int i = 0; i < island_.contact_count; ++i) {
      auto& e = contacts_[i];
      auto& c = e.constraint;
      for (int k = 0; k < e.point_count; ++k) {
        solve_friction(c.points[k], c.normal, c.friction, e.mass_a, e.mass_b, e.a->velocity,
                       e.b->velocity);
      }
      if (e.point_count == 1) {
        solve_one_point(c.points[0], c.normal, e.mass_a, e.mass_b, e.a->velocity, e.b->velocity);
      } else {
        solve_two_points(c, e.mass_a, e.mass_b, e.a->velocity, e.b->velocity);
      }
    }
  }

  void store_impulses() {
    for (int i = 0; i < island_.contact_count; ++i) {
      auto& e = contacts_[i];
      for (int k = 0; k < e.point_count; ++k) {
        auto& point = e.contact->manifold.points[k];
        point.normal_impulse = e.constraint.points[k].normal_impulse;
        point.tangent_impulse = e.constraint.points[k].tangent_impulse;
      }
    }
  }

  void integrate_positions(StepStart& start) {
    for (int i = 0; i < island_.body_count; ++i) {
      const int index = island_.bodies[i];
      const auto& params = scene_.bodies[index];
      if (!params.dynamic()) continue;
      auto& body = data_.bodies[index];
      start.centers[index] = body.pose.center;
      start.boxes[index] = tight_box(body.pose, params.def.half_width, params.def.half_height);
      integrate_position(body.velocity, body.pose);
      refresh_rotation<flavor>(body.pose);
    }
  }

  bool solve_contact_positions() {
    double deepest = 0.0;
    for (int i = 0; i < island_.contact_count; ++i) {
      auto& e = contacts_[i];
      const auto& c = e.constraint;
      const auto measured = measure_penetration(c, e.a->pose, e.b->pose, e.point_count);
      for (int k = 0; k < e.point_count; ++k) {
        deepest = lanes::min(deepest, measured.separations[k]);
        push_apart(c.points[k], measured.normal, measured.points[k], measured.separations[k],
                   e.mass_a, e.mass_b, e.a->pose, e.b->pose);
      }
      if (e.mass_a.inv_mass > 0.0) refresh_rotation<flavor>(e.a->pose);
      if (e.mass_b.inv_mass > 0.0) refresh_rotation<flavor>(e.b->pose);
    }
    return deepest > kContactGoodEnough;
  }

  bool solve_joint_positions() {
    bool good = true;
    for (int i = 0; i < island_.joint_count; ++i) {
      auto& e = joints_[i];
      good &= solve_joint_position(*e.params, e.masses, e.constraint, e.a->pose, e.b->pose);
      refresh_rotation<flavor>(e.a->pose);
      refresh_rotation<flavor>(e.b->pose);
    }
    return good;
  }

  void update_sleep() {
    constexpr double kLinear = kLinearSleepSpeed * kLinearSleepSpeed;
    constexpr double kAngular = kAngularSleepSpeed * kAngularSleepSpeed;
    double shortest = std::numeric_limits<double>::max();
    for (int i = 0; i < island_.body_count; ++i) {
      const int index = island_.bodies[i];
      if (!scene_.bodies[index].dynamic()) continue;
      auto& body = data_.bodies[index];
      const auto& v = body.velocity;
      const bool moves = v.angular * v.angular > kAngular || dot(v.linear, v.linear) > kLinear;
      body.sleep_time = moves ? 0.0 : body.sleep_time + kTimeStep;
      shortest = lanes::min(shortest, body.sleep_time);
    }
    if (shortest < kTimeToSleep) return;
    for (int i = 0; i < island_.body_count; ++i) data_.put_to_sleep(island_.bodies[i]);
  }

  const Scene& scene_;
  WorldData& data_;
  const Island& island_;
  std::array<ContactEntry, kMaxContacts> contacts_;
  std::array<JointEntry, kMaxJoints> joints_;
};

}  // namespace

template <SinCosFlavor flavor>
void solve_island(const Scene& scene, WorldData& data, const Island& island, StepStart& start) {
  IslandSolver<flavor>(scene, data, island).solve(start);
}

template void solve_island<SinCosFlavor::Glibc>(const Scene&, WorldData&, const Island&,
                                                StepStart&);
template void solve_island<SinCosFlavor::GlibcFma>(const Scene&, WorldData&, const Island&,
                                                   StepStart&);
template void solve_island<SinCosFlavor::Fdlibm>(const Scene&, WorldData&, const Island&,
                                                 StepStart&);

}  // namespace qwop::physics
