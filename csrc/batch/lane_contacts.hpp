// The contacts of a block of games: the k-th touching contact of each is solved with the k-th of
// the others.
#pragma once

#include <array>

#include "batch/lane_rows.hpp"
#include "physics/contact_solver.hpp"
#include "physics/integrate.hpp"
#include "physics/manifold.hpp"

namespace qwop::batch {
inline namespace QWOP_ISA_NAMESPACE {

using physics::ContactConstraint;
using physics::ContactPoint;
using physics::MassData;

template <SinCosFlavour flavour, class F>
class LaneContacts {
 public:
  explicit LaneContacts(LaneData& data) : data_(data), rows_(data) {}

  // Set-up of a step, and its warm start.
  void prepare() {
    for (int k = 0; k < data_.contact_count; ++k) prepare_contact(k);
  }
  // One velocity sweep.
  void solve_velocities() {
    for (int k = 0; k < data_.contact_count; ++k) solve_contact_velocity(k);
  }
  // One position sweep; good stays true where no contact is too deep.
  void solve_positions(std::array<lanes::Mask<F>, LaneRows<F>::kGroups>& good) {
    for (int k = 0; k < data_.contact_count; ++k) {
      each_touching_group(
          k, [&](int g, int lane) { good[g] = solve_contact_position(k, g, lane, good[g]); });
    }
  }

  void store_impulses() {
    for (int k = 0; k < data_.contact_count; ++k) {
      each_touching_group(k, [&](int g, int lane) {
        auto& rows = data_.contacts[k];
        const auto& c = contacts_[k][g];
        Rows::store(rows.points[0].normal_impulse, lane, c.points[0].normal_impulse);
        Rows::store(rows.points[0].tangent_impulse, lane, c.points[0].tangent_impulse);
        Rows::store(rows.points[1].normal_impulse, lane, c.points[1].normal_impulse);
        Rows::store(rows.points[1].tangent_impulse, lane, c.points[1].tangent_impulse);
      });
    }
  }

 private:
  using Rows = LaneRows<F>;
  using Mask = lanes::Mask<F>;
  static constexpr int kGroups = Rows::kGroups;

  static MassData<F> ground() { return {F(0.0), F(0.0), F(0.0)}; }
  static Velocity<F> standing_still() { return {{F(0.0), F(0.0)}, F(0.0)}; }
  MassData<F> mass_of(const ContactRows& rows, int lane) const {
    return {Rows::load(rows.mass_b, lane), Rows::load(rows.inv_mass_b, lane),
            Rows::load(rows.inv_inertia_b, lane)};
  }

  // Runs action for the groups in which some game has a k-th contact.
  template <class Action>
  QWOP_ALWAYS_INLINE void each_touching_group(int k, Action&& action) {
    Rows::each_group([&](int g, int lane) {
      if (lanes::any(Rows::load(data_.contacts[k].point_count, lane) > F(0.0))) action(g, lane);
    });
  }

  void prepare_contact(int k) {
    each_touching_group(k, [&](int g, int lane) {
      const auto& rows = data_.contacts[k];
      auto& c = contacts_[k][g];
      const auto a = rows_.gather_pose(rows.offset_a.data() + lane);
      const auto b = rows_.gather_pose(rows.offset_b.data() + lane);
      const auto mass_b = mass_of(rows, lane);
      c.local_normal = Rows::load(rows.normal_x, rows.normal_y, lane);
      c.local_plane_point = Rows::load(rows.plane_x, rows.plane_y, lane);
      c.friction = Rows::load(rows.friction, lane);
      c.flip = Rows::load(rows.flip, lane) != F(0.0);
      c.two_points = Rows::load(rows.point_count, lane) > F(1.0);
      const Pose<F> reference{select(c.flip, b.centre, a.centre), a.angle,
                              select(c.flip, b.rotation, a.rotation)};
      const Pose<F> incident{select(c.flip, a.centre, b.centre), a.angle,
                             select(c.flip, a.rotation, b.rotation)};
      const auto normal = rotate(reference.rotation, c.local_normal);
      const auto plane = physics::transform_left_to_right(reference, c.local_plane_point);
      c.normal = select(c.flip, -normal, normal);
      for (int i = 0; i < 2; ++i) {
        auto& p = c.points[i];
        p.local = Rows::load(rows.points[i].local_x, rows.points[i].local_y, lane);
        p.normal_impulse = Rows::load(rows.points[i].normal_impulse, lane);
        p.tangent_impulse = Rows::load(rows.points[i].tangent_impulse, lane);
        const auto point = physics::contact_point(incident, p.local, normal, plane);
        physics::prepare_point(p, c.normal, point, ground(), mass_b, a.centre, b.centre);
      }
      physics::prepare_block(c, ground(), mass_b);
      warm_start_contact(rows, lane, c, mass_b);
    });
  }

  void warm_start_contact(const ContactRows& rows, int lane, ContactConstraint<F>& c,
                          const MassData<F>& mass_b) {
    auto va = standing_still();
    auto v = rows_.gather_velocity(rows.offset_b.data() + lane);
    physics::warm_start(c.points[0], c.normal, F(1.0), ground(), mass_b, va, v);
    auto with_second = v;
    physics::warm_start(c.points[1], c.normal, F(1.0), ground(), mass_b, va, with_second);
    rows_.scatter_velocity(rows.offset_b.data() + lane, choose(c.two_points, with_second, v));
  }

  static QWOP_ALWAYS_INLINE Velocity<F> choose(Mask mask, const Velocity<F>& yes,
                                               const Velocity<F>& no) {
    return {select(mask, yes.linear, no.linear), lanes::select(mask, yes.angular, no.angular)};
  }

  void solve_contact_velocity(int k) {
    each_touching_group(k, [&](int g, int lane) {
      const auto& rows = data_.contacts[k];
      auto& c = contacts_[k][g];
      auto& p = c.points[0];
      auto& q = c.points[1];
      const auto mass_b = mass_of(rows, lane);
      const auto* offsets = rows.offset_b.data() + lane;
      auto va = standing_still();
      auto v = rows_.gather_velocity(offsets);
      physics::solve_friction(p, c.normal, c.friction, ground(), mass_b, va, v);
      auto single = v;
      const F single_impulse = solve_single(p, c.normal, mass_b, single);
      if (!lanes::any(c.two_points)) {
        p.normal_impulse = single_impulse;
        rows_.scatter_velocity(offsets, single);
        return;
      }
      const F q_tangent = q.tangent_impulse, q_normal = q.normal_impulse;
      va = standing_still();
      physics::solve_friction(q, c.normal, c.friction, ground(), mass_b, va, v);
      physics::solve_two_points(c, ground(), mass_b, va, v);
      p.normal_impulse = lanes::select(c.two_points, p.normal_impulse, single_impulse);
      q.tangent_impulse = lanes::select(c.two_points, q.tangent_impulse, q_tangent);
      q.normal_impulse = lanes::select(c.two_points, q.normal_impulse, q_normal);
      rows_.scatter_velocity(offsets, choose(c.two_points, v, single));
    });
  }

  // One point on its own; leaves p as it is and returns its new normal impulse.
  static F solve_single(const ContactPoint<F>& p, Vec2<F> normal, const MassData<F>& mass_b,
                        Velocity<F>& v) {
    auto copy = p;
    auto va = standing_still();
    physics::solve_one_point(copy, normal, ground(), mass_b, va, v);
    return copy.normal_impulse;
  }

  // Where no contact is too deep.
  Mask solve_contact_position(int k, int g, int lane, Mask good) {
    const auto& rows = data_.contacts[k];
    const auto& c = contacts_[k][g];
    const auto* offsets = rows.offset_b.data() + lane;
    auto a = rows_.gather_pose(rows.offset_a.data() + lane);
    auto b = rows_.gather_pose(offsets);
    const auto mass_b = mass_of(rows, lane);
    const auto measured = physics::measure_penetration(c, a, b, 2);
    physics::push_apart(c.points[0], measured.normal, measured.points[0], measured.separations[0],
                        ground(), mass_b, a, b);
    F deepest = lanes::min(F(0.0), measured.separations[0]);
    if (lanes::any(c.two_points)) {
      auto both = b;
      physics::push_apart(c.points[1], measured.normal, measured.points[1], measured.separations[1],
                          ground(), mass_b, a, both);
      b.centre = select(c.two_points, both.centre, b.centre);
      b.angle = lanes::select(c.two_points, both.angle, b.angle);
      deepest = lanes::select(c.two_points, lanes::min(deepest, measured.separations[1]), deepest);
    }
    physics::refresh_rotation<flavour>(b);
    rows_.scatter_pose(offsets, b);
    const Mask present = Rows::load(rows.point_count, lane) > F(0.0);
    return lanes::both(
        good, lanes::either(lanes::negate(present), deepest > F(physics::kContactGoodEnough)));
  }

  LaneData& data_;
  Rows rows_;
  std::array<std::array<ContactConstraint<F>, kGroups>, kMaxLaneContacts> contacts_;
};

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::batch
