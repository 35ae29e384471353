// The contacts of a block of games, group by group (contact_shelf.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "batch/lane_rows.hpp"
#include "physics/contact_solver.hpp"
#include "physics/integrate.hpp"
#include "physics/manifold.hpp"

namespace qwop::batch {
inline namespace QWOP_ISA_NAMESPACE {

using physics::ContactConstraint;
using physics::ContactPoint;
using physics::MassData;

template <SinCosFlavor flavor, class F>
class LaneContacts {
 public:
  explicit LaneContacts(LaneData& data) : data_(data), rows_(data) {}

  // Set-up of a step, and its warm start.
  void prepare() {
    each_group([&](ContactRows& rows, ContactConstraint<F>& c, int column) {
      prepare_contact(rows, c, column);
    });
  }
  // One velocity iteration.
  void solve_velocities() {
    each_group([&](const ContactRows& rows, ContactConstraint<F>& c, int column) {
      solve_contact_velocity(rows, c, column);
    });
  }
  // One position iteration. Returns the games (a bit each) in which some contact is too deep.
  std::uint32_t solve_positions() {
    std::uint32_t bad = 0;
    each_group([&](const ContactRows& rows, const ContactConstraint<F>& c, int column) {
      auto deep = lanes::lane_bits(solve_contact_position(rows, c, column));
      for (; deep != 0; deep &= deep - 1) {
        bad |= 1u << lane_of_offset(rows.offset_b[column + std::countr_zero(deep)]);
      }
    });
    return bad;
  }

  void store_impulses() {
    each_group([&](ContactRows& rows, const ContactConstraint<F>& c, int column) {
      for (int i = 0; i < physics::kMaxManifoldPoints; ++i) {
        Rows::store(rows.points[i].normal_impulse, column, c.points[i].normal_impulse);
        Rows::store(rows.points[i].tangent_impulse, column, c.points[i].tangent_impulse);
      }
    });
  }

 private:
  using Rows = LaneRows<F>;
  using Mask = lanes::Mask<F>;
  static constexpr int kWidth = lanes::kWidth<F>;
  static_assert(kContactColumns % kWidth == 0);

  // Runs action(rows, constraint, first column) for each vector of contacts, in order.
  template <class Action>
  QWOP_ALWAYS_INLINE void each_group(Action&& action) {
    for (int i = 0; i < data_.contact_groups; ++i) {
      const int group = data_.contact_order[i];
      auto& rows = data_.contacts[group];
      for (int part = 0; part < kContactColumns / kWidth; ++part) {
        action(rows, contacts_[group][part], part * kWidth);
      }
    }
  }

  static MassData<F> ground() { return {F(0.0), F(0.0), F(0.0)}; }
  static Velocity<F> standing_still() { return {{F(0.0), F(0.0)}, F(0.0)}; }
  MassData<F> mass_of(const ContactRows& rows, int column) const {
    return {Rows::load(rows.mass_b, column), Rows::load(rows.inv_mass_b, column),
            Rows::load(rows.inv_inertia_b, column)};
  }

  void prepare_contact(const ContactRows& rows, ContactConstraint<F>& c, int column) {
    const auto a = rows_.gather_pose(rows.offset_a.data() + column);
    const auto b = rows_.gather_pose(rows.offset_b.data() + column);
    const auto mass_b = mass_of(rows, column);
    c.local_normal = Rows::load(rows.normal_x, rows.normal_y, column);
    c.local_plane_point = Rows::load(rows.plane_x, rows.plane_y, column);
    c.friction = Rows::load(rows.friction, column);
    c.flip = Rows::load(rows.flip, column) != F(0.0);
    c.two_points = Rows::load(rows.point_count, column) > F(1.0);
    const Pose<F> reference{select(c.flip, b.center, a.center), a.angle,
                            select(c.flip, b.rotation, a.rotation)};
    const Pose<F> incident{select(c.flip, a.center, b.center), a.angle,
                           select(c.flip, a.rotation, b.rotation)};
    const auto normal = rotate(reference.rotation, c.local_normal);
    const auto plane = physics::transform_left_to_right(reference, c.local_plane_point);
    c.normal = select(c.flip, -normal, normal);
    for (int i = 0; i < 2; ++i) {
      auto& p = c.points[i];
      p.local = Rows::load(rows.points[i].local_x, rows.points[i].local_y, column);
      p.normal_impulse = Rows::load(rows.points[i].normal_impulse, column);
      p.tangent_impulse = Rows::load(rows.points[i].tangent_impulse, column);
      const auto point = physics::contact_point(incident, p.local, normal, plane);
      physics::prepare_point(p, c.normal, point, ground(), mass_b, a.center, b.center);
    }
    physics::prepare_block(c, ground(), mass_b);
    warm_start_contact(rows, column, c, mass_b);
  }

  void warm_start_contact(const ContactRows& rows, int column, ContactConstraint<F>& c,
                          const MassData<F>& mass_b) {
    auto va = standing_still();
    auto v = rows_.gather_velocity(rows.offset_b.data() + column);
    physics::warm_start(c.points[0], c.normal, F(1.0), ground(), mass_b, va, v);
    auto with_second = v;
    physics::warm_start(c.points[1], c.normal, F(1.0), ground(), mass_b, va, with_second);
    rows_.scatter_velocity(rows.offset_b.data() + column, choose(c.two_points, with_second, v));
  }

  static QWOP_ALWAYS_INLINE Velocity<F> choose(Mask mask, const Velocity<F>& yes,
                                               const Velocity<F>& no) {
    return {select(mask, yes.linear, no.linear), lanes::select(mask, yes.angular, no.angular)};
  }

  void solve_contact_velocity(const ContactRows& rows, ContactConstraint<F>& c, int column) {
    auto& p = c.points[0];
    auto& q = c.points[1];
    const auto mass_b = mass_of(rows, column);
    const auto* offsets = rows.offset_b.data() + column;
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
  }

  // One point on its own; leaves p as it is and returns its new normal impulse.
  static F solve_single(const ContactPoint<F>& p, Vec2<F> normal, const MassData<F>& mass_b,
                        Velocity<F>& v) {
    auto copy = p;
    auto va = standing_still();
    physics::solve_one_point(copy, normal, ground(), mass_b, va, v);
    return copy.normal_impulse;
  }

  // Returns where a contact is too deep.
  Mask solve_contact_position(const ContactRows& rows, const ContactConstraint<F>& c, int column) {
    const auto* offsets = rows.offset_b.data() + column;
    auto a = rows_.gather_pose(rows.offset_a.data() + column);
    auto b = rows_.gather_pose(offsets);
    const auto mass_b = mass_of(rows, column);
    const auto measured = physics::measure_penetration(c, a, b, 2);
    physics::push_apart(c.points[0], measured.normal, measured.points[0], measured.separations[0],
                        ground(), mass_b, a, b);
    F deepest = lanes::min(F(0.0), measured.separations[0]);
    if (lanes::any(c.two_points)) {
      auto both = b;
      physics::push_apart(c.points[1], measured.normal, measured.points[1], measured.separations[1],
                          ground(), mass_b, a, both);
      b.center = select(c.two_points, both.center, b.center);
      b.angle = lanes::select(c.two_points, both.angle, b.angle);
      deepest = lanes::select(c.two_points, lanes::min(deepest, measured.separations[1]), deepest);
    }
    physics::refresh_rotation<flavor>(b);
    rows_.scatter_pose(offsets, b);
    const Mask present = Rows::load(rows.point_count, column) > F(0.0);
    return lanes::both(present, lanes::negate(deepest > F(physics::kContactGoodEnough)));
  }

  LaneData& data_;
  Rows rows_;
  std::array<std::array<ContactConstraint<F>, kContactColumns / kWidth>, kContactGroups> contacts_;
};

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::batch
