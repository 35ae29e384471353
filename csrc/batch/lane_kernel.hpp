// Drives, solves and moves the runners of kLanes games at once: the part of a game's update between
// the contacts' update and the broad phase. The maths is the physics layer's, on vectors of games.
//
// Compiled once for each instruction set, each time in a namespace of its own (lanes.hpp). A runner
// here is awake, stands on nothing but ground and does not touch the hurdle; others are stepped by
// themselves (lane_block.hpp). Joints and parts then always come in the same order.
#pragma once

#include <array>
#include <span>

#include "batch/lane_data.hpp"
#include "game/controls.hpp"
#include "physics/contact_solver.hpp"
#include "physics/integrate.hpp"
#include "physics/lanes_simd.hpp"
#include "physics/revolute_joint.hpp"

namespace qwop::batch {

// The order of solving, as the walk over an island of the runner alone meets it.
inline constexpr std::array kJointOrder{game::kRightKnee,    game::kRightHip,      game::kLeftHip,
                                        game::kLeftShoulder, game::kRightShoulder, game::kNeck,
                                        game::kRightElbow,   game::kLeftElbow,     game::kLeftKnee,
                                        game::kLeftAnkle,    game::kRightAnkle};

inline namespace QWOP_ISA_NAMESPACE {

using physics::ContactConstraint;
using physics::ContactPoint;
using physics::JointConstraint;
using physics::JointMasses;
using physics::JointParams;
using physics::JointState;
using physics::MassData;
using physics::Pose;
using physics::Vec2;
using physics::Velocity;

// Numbers of a lane's body, wherever in the rows it is.
template <class F>
QWOP_ALWAYS_INLINE F gather(const double* base, const std::int32_t* offsets) {
  constexpr int kWidth = lanes::kWidth<F>;
  if constexpr (kWidth > lanes::kNativeWidth) {
    using Half = typename F::Half;
    return F(gather<Half>(base, offsets), gather<Half>(base, offsets + kWidth / 2));
  } else {
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
    if constexpr (kWidth == 8) {
      const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offsets));
      return typename F::Vector(_mm512_mask_i32gather_pd(_mm512_setzero_pd(), 0xff, at, base, 8));
    }
#endif
    F result(0.0);
    for (int i = 0; i < kWidth; ++i) result.set(i, base[offsets[i]]);
    return result;
  }
}
template <class F>
QWOP_ALWAYS_INLINE void scatter(double* base, const std::int32_t* offsets, F values) {
  constexpr int kWidth = lanes::kWidth<F>;
  if constexpr (kWidth > lanes::kNativeWidth) {
    scatter(base, offsets, values.low);
    scatter(base, offsets + kWidth / 2, values.high);
  } else {
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
    if constexpr (kWidth == 8) {
      const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offsets));
      _mm512_i32scatter_pd(base, at, values.v, 8);
      return;
    }
#endif
    for (int i = 0; i < kWidth; ++i) base[offsets[i]] = values[i];
  }
}

template <SinCosFlavour flavour, class F>
class LaneKernel {
 public:
  LaneKernel(const physics::Scene& scene, LaneData& data) : scene_(scene), data_(data) {}

  void run() {
    apply_forces();
    for (int k = 0; k < data_.contact_count; ++k) prepare_contact(k);
    for (const int joint : kJointOrder) prepare_joint(joint);
    for (int sweep = 0; sweep < physics::kVelocitySweeps; ++sweep) {
      for (const int joint : kJointOrder) solve_joint_velocity(joint);
      for (int k = 0; k < data_.contact_count; ++k) solve_contact_velocity(k);
    }
    store_impulses();
    move_bodies();
    solve_positions();
    update_sleep();
    sweep_boxes();
  }

 private:
  static constexpr int kWidth = lanes::kWidth<F>;
  static constexpr int kGroups = kLanes / kWidth;
  using Mask = lanes::Mask<F>;

  // Runs action(group, first lane of the group) for each group. Groups are independent chains of
  // operations, so that the processor has something to do while one waits for a result.
  template <class Action>
  static QWOP_ALWAYS_INLINE void each_group(Action&& action) {
#pragma GCC unroll 1
    for (int g = 0; g < kGroups; ++g) action(g, g * kWidth);
  }

  static QWOP_ALWAYS_INLINE F load(const LaneRow& row, int lane) {
    return F::load(row.data() + lane);
  }
  static QWOP_ALWAYS_INLINE void store(LaneRow& row, int lane, F value) {
    value.store(row.data() + lane);
  }
  static QWOP_ALWAYS_INLINE Vec2<F> load(const LaneRow& x, const LaneRow& y, int lane) {
    return {load(x, lane), load(y, lane)};
  }

  Pose<F> pose(int body, int lane) const {
    const auto& b = data_.bodies[body];
    return {load(b.x, b.y, lane), load(b.angle, lane), {load(b.sin, lane), load(b.cos, lane)}};
  }
  void set_pose(int body, int lane, const Pose<F>& p) {
    auto& b = data_.bodies[body];
    store(b.x, lane, p.centre.x);
    store(b.y, lane, p.centre.y);
    store(b.angle, lane, p.angle);
    store(b.sin, lane, p.rotation.sin);
    store(b.cos, lane, p.rotation.cos);
  }
  Velocity<F> velocity(int body, int lane) const {
    const auto& b = data_.bodies[body];
    return {load(b.vx, b.vy, lane), load(b.spin, lane)};
  }
  void set_velocity(int body, int lane, const Velocity<F>& v) {
    auto& b = data_.bodies[body];
    store(b.vx, lane, v.linear.x);
    store(b.vy, lane, v.linear.y);
    store(b.spin, lane, v.angular);
  }

  Pose<F> gather_pose(const std::int32_t* offsets) const {
    const auto& b = data_.bodies[0];
    return {{gather<F>(b.x.data(), offsets), gather<F>(b.y.data(), offsets)},
            gather<F>(b.angle.data(), offsets),
            {gather<F>(b.sin.data(), offsets), gather<F>(b.cos.data(), offsets)}};
  }
  void scatter_pose(const std::int32_t* offsets, const Pose<F>& p) {
    auto& b = data_.bodies[0];
    scatter(b.x.data(), offsets, p.centre.x);
    scatter(b.y.data(), offsets, p.centre.y);
    scatter(b.angle.data(), offsets, p.angle);
    scatter(b.sin.data(), offsets, p.rotation.sin);
    scatter(b.cos.data(), offsets, p.rotation.cos);
  }
  Velocity<F> gather_velocity(const std::int32_t* offsets) const {
    const auto& b = data_.bodies[0];
    return {{gather<F>(b.vx.data(), offsets), gather<F>(b.vy.data(), offsets)},
            gather<F>(b.spin.data(), offsets)};
  }
  void scatter_velocity(const std::int32_t* offsets, const Velocity<F>& v) {
    auto& b = data_.bodies[0];
    scatter(b.vx.data(), offsets, v.linear.x);
    scatter(b.vy.data(), offsets, v.linear.y);
    scatter(b.spin.data(), offsets, v.angular);
  }

  // Gravity, and the head's torque.
  void apply_forces() {
    each_group([&](int, int lane) {
      const F torque = load(data_.head_torque, lane);
      for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
        auto v = velocity(body, lane);
        physics::integrate_velocity(v, F(scene_.bodies[body].inv_inertia),
                                    body == game::kHead ? torque : F(0.0));
        set_velocity(body, lane, v);
      }
    });
  }

  // ---- contacts ------------------------------------------------------------------------------

  static MassData<F> ground() { return {F(0.0), F(0.0), F(0.0)}; }
  static Velocity<F> standing_still() { return {{F(0.0), F(0.0)}, F(0.0)}; }
  MassData<F> mass_of(const ContactRows& rows, int lane) const {
    return {load(rows.mass_b, lane), load(rows.inv_mass_b, lane), load(rows.inv_inertia_b, lane)};
  }

  // Runs action for the groups in which some game has a k-th contact.
  template <class Action>
  QWOP_ALWAYS_INLINE void each_touching_group(int k, Action&& action) {
    each_group([&](int g, int lane) {
      if (lanes::any(load(data_.contacts[k].point_count, lane) > F(0.0))) action(g, lane);
    });
  }

  void prepare_contact(int k) {
    each_touching_group(k, [&](int g, int lane) {
      const auto& rows = data_.contacts[k];
      auto& c = contacts_[k][g];
      const auto a = gather_pose(rows.offset_a.data() + lane);
      const auto b = gather_pose(rows.offset_b.data() + lane);
      const auto mass_b = mass_of(rows, lane);
      c.local_normal = load(rows.normal_x, rows.normal_y, lane);
      c.local_plane_point = load(rows.plane_x, rows.plane_y, lane);
      c.friction = load(rows.friction, lane);
      c.flip = load(rows.flip, lane) != F(0.0);
      c.two_points = load(rows.point_count, lane) > F(1.0);
      const Pose<F> reference{select(c.flip, b.centre, a.centre), a.angle,
                              select(c.flip, b.rotation, a.rotation)};
      const Pose<F> incident{select(c.flip, a.centre, b.centre), a.angle,
                             select(c.flip, a.rotation, b.rotation)};
      const auto normal = rotate(reference.rotation, c.local_normal);
      const auto plane = physics::transform_left_to_right(reference, c.local_plane_point);
      c.normal = select(c.flip, -normal, normal);
      for (int i = 0; i < 2; ++i) {
        auto& p = c.points[i];
        p.local = load(rows.points[i].local_x, rows.points[i].local_y, lane);
        p.normal_impulse = load(rows.points[i].normal_impulse, lane);
        p.tangent_impulse = load(rows.points[i].tangent_impulse, lane);
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
    auto v = gather_velocity(rows.offset_b.data() + lane);
    physics::warm_start(c.points[0], c.normal, F(1.0), ground(), mass_b, va, v);
    auto with_second = v;
    physics::warm_start(c.points[1], c.normal, F(1.0), ground(), mass_b, va, with_second);
    scatter_velocity(rows.offset_b.data() + lane, choose(c.two_points, with_second, v));
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
      auto v = gather_velocity(offsets);
      physics::solve_friction(p, c.normal, c.friction, ground(), mass_b, va, v);
      auto single = v;
      const F single_impulse = solve_single(p, c.normal, mass_b, single);
      if (!lanes::any(c.two_points)) {
        p.normal_impulse = single_impulse;
        scatter_velocity(offsets, single);
        return;
      }
      const F q_tangent = q.tangent_impulse, q_normal = q.normal_impulse;
      va = standing_still();
      physics::solve_friction(q, c.normal, c.friction, ground(), mass_b, va, v);
      physics::solve_two_points(c, ground(), mass_b, va, v);
      p.normal_impulse = lanes::select(c.two_points, p.normal_impulse, single_impulse);
      q.tangent_impulse = lanes::select(c.two_points, q.tangent_impulse, q_tangent);
      q.normal_impulse = lanes::select(c.two_points, q.normal_impulse, q_normal);
      scatter_velocity(offsets, choose(c.two_points, v, single));
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

  void store_impulses() {
    for (int k = 0; k < data_.contact_count; ++k) {
      each_touching_group(k, [&](int g, int lane) {
        auto& rows = data_.contacts[k];
        const auto& c = contacts_[k][g];
        store(rows.points[0].normal_impulse, lane, c.points[0].normal_impulse);
        store(rows.points[0].tangent_impulse, lane, c.points[0].tangent_impulse);
        store(rows.points[1].normal_impulse, lane, c.points[1].normal_impulse);
        store(rows.points[1].tangent_impulse, lane, c.points[1].tangent_impulse);
      });
    }
  }

  // Where no contact is too deep.
  Mask solve_contact_position(int k, int g, int lane, Mask good) {
    const auto& rows = data_.contacts[k];
    const auto& c = contacts_[k][g];
    const auto* offsets = rows.offset_b.data() + lane;
    auto a = gather_pose(rows.offset_a.data() + lane);
    auto b = gather_pose(offsets);
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
    scatter_pose(offsets, b);
    const Mask present = load(rows.point_count, lane) > F(0.0);
    return lanes::both(
        good, lanes::either(lanes::negate(present), deepest > F(physics::kContactGoodEnough)));
  }

  // ---- joints --------------------------------------------------------------------------------

  JointState<F> joint_state(int joint, int lane) const {
    const auto& rows = data_.joints[joint];
    const Mask strong = load(data_.limp, lane) == F(0.0);
    const Mask yes = F(0.0) == F(0.0), no = lanes::negate(yes);
    return {load(rows.force_x, rows.force_y, lane),
            load(rows.motor_force, lane),
            load(rows.limit_force, lane),
            load(rows.limit_state, lane),
            load(rows.motor_speed, lane),
            load(rows.lower, lane),
            load(rows.upper, lane),
            scene_.joints[joint].motor_enabled ? strong : no,
            game::loses_limits(joint) ? strong : yes};
  }
  void set_joint_forces(int joint, int lane, const JointState<F>& s) {
    auto& rows = data_.joints[joint];
    store(rows.force_x, lane, s.force.x);
    store(rows.force_y, lane, s.force.y);
    store(rows.motor_force, lane, s.motor_force);
    store(rows.limit_force, lane, s.limit_force);
  }

  void prepare_joint(int joint) {
    const auto& params = scene_.joints[joint];
    const auto masses = physics::joint_masses(scene_, params);
    each_group([&](int g, int lane) {
      auto state = joint_state(joint, lane);
      auto va = velocity(params.body_a, lane);
      auto vb = velocity(params.body_b, lane);
      physics::prepare_joint(params, masses, state, joints_[joint][g], pose(params.body_a, lane),
                             pose(params.body_b, lane), va, vb);
      set_velocity(params.body_a, lane, va);
      set_velocity(params.body_b, lane, vb);
      set_joint_forces(joint, lane, state);
      store(data_.joints[joint].limit_state, lane, state.limit_state);
    });
  }

  void solve_joint_velocity(int joint) {
    const auto& params = scene_.joints[joint];
    const auto masses = physics::joint_masses(scene_, params);
    each_group([&](int g, int lane) {
      auto state = joint_state(joint, lane);
      auto va = velocity(params.body_a, lane);
      auto vb = velocity(params.body_b, lane);
      physics::solve_joint_velocity(params, masses, state, joints_[joint][g], va, vb);
      set_velocity(params.body_a, lane, va);
      set_velocity(params.body_b, lane, vb);
      set_joint_forces(joint, lane, state);
    });
  }

  // ---- motion --------------------------------------------------------------------------------

  void move_bodies() {
    for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
      const auto& def = scene_.bodies[body].def;
      each_group([&](int g, int lane) {
        auto p = pose(body, lane);
        auto v = velocity(body, lane);
        auto& start = starts_[body - game::kFirstPart][g];
        start.centre = p.centre;
        start.box = physics::tight_box(p, def.half_width, def.half_height);
        physics::integrate_position(v, p);
        physics::refresh_rotation<flavour>(p);
        set_pose(body, lane, p);
        set_velocity(body, lane, v);
      });
    }
  }

  // A game whose contacts and joints are good is done; others sweep on. Its poses are kept aside
  // and put back, rather than masking every operation of the sweeps it sits out.
  void solve_positions() {
    std::array<Mask, kGroups> done;
    bool kept_any = false;
    each_group([&](int g, int lane) { done[g] = lanes::negate(lane_mask(data_.running, lane)); });
    for (int sweep = 0; sweep < physics::kPositionSweeps; ++sweep) {
      std::array<Mask, kGroups> good;
      each_group([&](int g, int) { good[g] = F(0.0) == F(0.0); });
      for (int k = 0; k < data_.contact_count; ++k) {
        each_touching_group(
            k, [&](int g, int lane) { good[g] = solve_contact_position(k, g, lane, good[g]); });
      }
      for (const int joint : kJointOrder) solve_joint_position(joint, good);
      bool all_done = true;
      each_group([&](int g, int lane) {
        const Mask newly = lanes::both(good[g], lanes::negate(done[g]));
        if (sweep + 1 < physics::kPositionSweeps && lanes::any(newly)) {
          keep_poses(newly, lane, g);
          kept_any = true;
          kept_[g] = sweep_mask(kept_[g], newly, kept_valid_[g]);
          kept_valid_[g] = true;
        }
        done[g] = lanes::either(done[g], good[g]);
        all_done = all_done && lanes::all(done[g]);
      });
      if (all_done) break;
    }
    if (kept_any) put_back_poses();
  }

  static Mask sweep_mask(Mask before, Mask newly, bool valid) {
    return valid ? lanes::either(before, newly) : newly;
  }

  // All ones in the lanes whose bits are set.
  static Mask lane_mask(std::uint32_t bits, int lane) {
    F set(0.0);
    for (int i = 0; i < kWidth; ++i) set.set(i, (bits >> (lane + i) & 1u) != 0 ? 1.0 : 0.0);
    return set > F(0.0);
  }

  void solve_joint_position(int joint, std::array<Mask, kGroups>& good) {
    const auto& params = scene_.joints[joint];
    const auto masses = physics::joint_masses(scene_, params);
    each_group([&](int g, int lane) {
      const auto state = joint_state(joint, lane);
      auto a = pose(params.body_a, lane);
      auto b = pose(params.body_b, lane);
      const Mask fine =
          physics::solve_joint_position(params, masses, state, joints_[joint][g], a, b);
      good[g] = lanes::both(good[g], fine);
      physics::refresh_rotation<flavour>(a);
      physics::refresh_rotation<flavour>(b);
      set_pose(params.body_a, lane, a);
      set_pose(params.body_b, lane, b);
    });
  }

  void keep_poses(Mask newly, int lane, int g) {
    for (int part = 0; part < game::kPartCount; ++part) {
      const auto now = pose(game::kFirstPart + part, lane);
      auto& kept = kept_poses_[part][g];
      kept = {select(newly, now.centre, kept.centre), lanes::select(newly, now.angle, kept.angle),
              select(newly, now.rotation, kept.rotation)};
    }
  }

  void put_back_poses() {
    each_group([&](int g, int lane) {
      if (!kept_valid_[g]) return;
      for (int part = 0; part < game::kPartCount; ++part) {
        const auto now = pose(game::kFirstPart + part, lane);
        const auto& kept = kept_poses_[part][g];
        set_pose(game::kFirstPart + part, lane,
                 {select(kept_[g], kept.centre, now.centre),
                  lanes::select(kept_[g], kept.angle, now.angle),
                  select(kept_[g], kept.rotation, now.rotation)});
      }
    });
  }

  void update_sleep() {
    constexpr double kLinear = physics::kLinearSleepSpeed * physics::kLinearSleepSpeed;
    constexpr double kAngular = physics::kAngularSleepSpeed * physics::kAngularSleepSpeed;
    data_.at_rest = 0;
    each_group([&](int, int lane) {
      F shortest(1e300);
      for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
        const auto v = velocity(body, lane);
        const Mask moves = lanes::either(v.angular * v.angular > F(kAngular),
                                         dot(v.linear, v.linear) > F(kLinear));
        auto& row = data_.bodies[body].sleep_time;
        const F time = lanes::select(moves, F(0.0), load(row, lane) + F(physics::kTimeStep));
        store(row, lane, time);
        shortest = lanes::min(shortest, time);
      }
      data_.at_rest |= lanes::lane_bits(shortest >= F(physics::kTimeToSleep)) << lane;
    });
  }

  // A runner that has come to rest falls asleep before boxes are swept: it keeps the old ones.
  void sweep_boxes() {
    for (int part = 0; part < game::kPartCount; ++part) {
      const int body = game::kFirstPart + part;
      const auto& def = scene_.bodies[body].def;
      auto& rows = data_.boxes[part];
      data_.left_fat_box[part] = 0;
      each_group([&](int g, int lane) {
        const auto p = pose(body, lane);
        const auto& start = starts_[part][g];
        auto box = unite(start.box, physics::tight_box(p, def.half_width, def.half_height));
        unsigned resting = 0;
        if (data_.at_rest != 0) [[unlikely]] {
          resting = data_.at_rest >> lane;
          const Mask rests = lane_mask(data_.at_rest, lane);
          const physics::Box2<F> old{load(rows.low_x, rows.low_y, lane),
                                     load(rows.high_x, rows.high_y, lane)};
          box = {select(rests, old.low, box.low), select(rests, old.high, box.high)};
        }
        const auto moved = p.centre - start.centre;
        store(rows.low_x, lane, box.low.x);
        store(rows.low_y, lane, box.low.y);
        store(rows.high_x, lane, box.high.x);
        store(rows.high_y, lane, box.high.y);
        store(rows.moved_x, lane, moved.x);
        store(rows.moved_y, lane, moved.y);
        const Mask inside_x = lanes::both(load(rows.fat_low_x, lane) <= box.low.x,
                                          box.high.x <= load(rows.fat_high_x, lane));
        const Mask inside_y = lanes::both(load(rows.fat_low_y, lane) <= box.low.y,
                                          box.high.y <= load(rows.fat_high_y, lane));
        const unsigned stays = lanes::lane_bits(lanes::both(inside_x, inside_y)) | resting;
        data_.left_fat_box[part] |= (~stays & ((1u << kWidth) - 1)) << lane;
      });
    }
  }

  struct Start {
    Vec2<F> centre;
    physics::Box2<F> box;
  };

  const physics::Scene& scene_;
  LaneData& data_;
  std::array<std::array<ContactConstraint<F>, kGroups>, kMaxLaneContacts> contacts_;
  std::array<std::array<JointConstraint<F>, kGroups>, game::kJointCount> joints_;
  std::array<std::array<Start, kGroups>, game::kPartCount> starts_;
  std::array<std::array<Pose<F>, kGroups>, game::kPartCount> kept_poses_;
  std::array<Mask, kGroups> kept_;
  std::array<bool, kGroups> kept_valid_{};
};

// Measured: one AVX-512 register of games at a time, but two AVX2 or SSE2 registers, which hide
// each other's latency; with more, the registers run out.
inline void run_lanes(const physics::Scene& scene, LaneData& data) {
  using F = lanes::Lanes<lanes::kNativeWidth == 8 ? 8 : 2 * lanes::kNativeWidth>;
  switch (scene.flavour) {
    case SinCosFlavour::Glibc:
      return LaneKernel<SinCosFlavour::Glibc, F>(scene, data).run();
    case SinCosFlavour::GlibcFma:
      return LaneKernel<SinCosFlavour::GlibcFma, F>(scene, data).run();
    case SinCosFlavour::Fdlibm:
      return LaneKernel<SinCosFlavour::Fdlibm, F>(scene, data).run();
  }
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::batch
