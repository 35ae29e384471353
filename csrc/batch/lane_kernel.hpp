// Drives, solves and moves the runners of kLanes games at once: the part of a game's update between
// the contacts' update and the broad phase. The maths is the physics layer's, on vectors of games.
//
// Compiled once for each instruction set, each time in a namespace of its own (isa.hpp). A runner
// here is awake, stands on nothing but ground and does not touch the hurdle; others are stepped by
// themselves (lane_block.hpp). Joints and parts then always come in the same order.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "batch/lane_contacts.hpp"
#include "batch/lane_pairs.hpp"
#include "batch/lane_rows.hpp"
#include "game/controls.hpp"
#include "physics/integrate.hpp"
#include "physics/revolute_joint.hpp"
#include "physics/tree_editor.hpp"
#include "support/simd_f64_vector.hpp"

namespace qwop::batch {

// The order of solving, as the walk over an island of the runner alone meets it.
inline constexpr std::array kJointOrder{game::kRightKnee,    game::kRightHip,      game::kLeftHip,
                                        game::kLeftShoulder, game::kRightShoulder, game::kNeck,
                                        game::kRightElbow,   game::kLeftElbow,     game::kLeftKnee,
                                        game::kLeftAnkle,    game::kRightAnkle};

inline namespace QWOP_ISA_NAMESPACE {

using physics::JointConstraint;
using physics::JointState;

// Measured: two registers of games at a time, which hide each other's latency; contacts are too few
// to fill two of the widest.
using GameLanes = lanes::Lanes<2 * lanes::kNativeWidth>;
using ContactLanes = lanes::Lanes<std::min(kContactColumns, 2 * lanes::kNativeWidth)>;

template <SinCosFlavor flavor, class F>
class LaneKernel {
 public:
  LaneKernel(const physics::Scene& scene, LaneData& data)
      : scene_(scene), data_(data), rows_(data), contacts_(data) {}

  void run() {
    apply_forces();
    contacts_.prepare();
    for (const int joint : kJointOrder) prepare_joint(joint);
    for (int iteration = 0; iteration < physics::kVelocityIterations; ++iteration) {
      for (const int joint : kJointOrder) solve_joint_velocity(joint);
      contacts_.solve_velocities();
    }
    contacts_.store_impulses();
    move_bodies();
    solve_positions();
    update_sleep();
    sweep_boxes();
    move_leaves();
  }

 private:
  using Rows = LaneRows<F>;
  using Mask = lanes::Mask<F>;
  static constexpr int kGroups = Rows::kGroups;
  using Box = physics::Box2<F>;

  // Gravity, and the head's torque.
  void apply_forces() {
    Rows::each_group([&](int, int lane) {
      const F torque = Rows::load(data_.head_torque, lane);
      for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
        auto v = rows_.velocity(body, lane);
        physics::integrate_velocity(v, F(scene_.bodies[body].inv_inertia),
                                    body == game::kHead ? torque : F(0.0));
        rows_.set_velocity(body, lane, v);
      }
    });
  }

  // ---- joints --------------------------------------------------------------------------------

  JointState<F> joint_state(int joint, int lane) const {
    const auto& rows = data_.joints[joint];
    const Mask strong = Rows::load(data_.limp, lane) == F(0.0);
    const Mask yes = F(0.0) == F(0.0), no = lanes::negate(yes);
    return {Rows::load(rows.force_x, rows.force_y, lane),
            Rows::load(rows.motor_force, lane),
            Rows::load(rows.limit_force, lane),
            Rows::load(rows.limit_state, lane),
            Rows::load(rows.motor_speed, lane),
            Rows::load(rows.lower, lane),
            Rows::load(rows.upper, lane),
            scene_.joints[joint].motor_enabled ? strong : no,
            game::loses_limits(joint) ? strong : yes};
  }
  void set_joint_forces(int joint, int lane, const JointState<F>& s) {
    auto& rows = data_.joints[joint];
    Rows::store(rows.force_x, lane, s.force.x);
    Rows::store(rows.force_y, lane, s.force.y);
    Rows::store(rows.motor_force, lane, s.motor_force);
    Rows::store(rows.limit_force, lane, s.limit_force);
  }

  void prepare_joint(int joint) {
    const auto& params = scene_.joints[joint];
    const auto masses = physics::joint_masses(scene_, params);
    Rows::each_group([&](int g, int lane) {
      auto state = joint_state(joint, lane);
      auto va = rows_.velocity(params.body_a, lane);
      auto vb = rows_.velocity(params.body_b, lane);
      physics::prepare_joint(params, masses, state, joints_[joint][g],
                             rows_.pose(params.body_a, lane), rows_.pose(params.body_b, lane), va,
                             vb);
      rows_.set_velocity(params.body_a, lane, va);
      rows_.set_velocity(params.body_b, lane, vb);
      set_joint_forces(joint, lane, state);
      Rows::store(data_.joints[joint].limit_state, lane, state.limit_state);
    });
  }

  void solve_joint_velocity(int joint) {
    const auto& params = scene_.joints[joint];
    const auto masses = physics::joint_masses(scene_, params);
    data_.ahead.fetch_some();
    Rows::each_group([&](int g, int lane) {
      auto state = joint_state(joint, lane);
      auto va = rows_.velocity(params.body_a, lane);
      auto vb = rows_.velocity(params.body_b, lane);
      physics::solve_joint_velocity(params, masses, state, joints_[joint][g], va, vb);
      rows_.set_velocity(params.body_a, lane, va);
      rows_.set_velocity(params.body_b, lane, vb);
      set_joint_forces(joint, lane, state);
    });
  }

  // ---- motion --------------------------------------------------------------------------------

  void move_bodies() {
    for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
      const auto& def = scene_.bodies[body].def;
      Rows::each_group([&](int g, int lane) {
        auto p = rows_.pose(body, lane);
        auto v = rows_.velocity(body, lane);
        auto& start = starts_[body - game::kFirstPart][g];
        start.center = p.center;
        start.box = physics::tight_box(p, def.half_width, def.half_height);
        physics::integrate_position(v, p);
        physics::refresh_rotation<flavor>(p);
        rows_.set_pose(body, lane, p);
        rows_.set_velocity(body, lane, v);
      });
    }
  }

  // A game whose contacts and joints are good is done; others iterate on. Its poses are kept aside
  // and put back, rather than masking every operation of the iterations it sits out.
  void solve_positions() {
    constexpr std::uint32_t kAll = (std::uint32_t{1} << kLanes) - 1;
    std::uint32_t done = ~data_.running & kAll, kept = 0;
    for (int iteration = 0; iteration < physics::kPositionIterations; ++iteration) {
      const auto too_deep = contacts_.solve_positions();
      std::array<Mask, kGroups> good;
      good.fill(F(0.0) == F(0.0));
      for (const int joint : kJointOrder) solve_joint_position(joint, good);
      std::uint32_t good_games = 0;
      Rows::each_group([&](int g, int lane) { good_games |= lanes::lane_bits(good[g]) << lane; });
      const auto newly = good_games & ~too_deep & ~done;
      done |= newly;
      if (done == kAll || iteration + 1 == physics::kPositionIterations) break;
      if (newly != 0) keep_poses(newly);
      kept |= newly;
    }
    if (kept != 0) put_back_poses(kept);
  }

  void solve_joint_position(int joint, std::array<Mask, kGroups>& good) {
    const auto& params = scene_.joints[joint];
    const auto masses = physics::joint_masses(scene_, params);
    data_.ahead.fetch_some();
    Rows::each_group([&](int g, int lane) {
      auto a = rows_.pose(params.body_a, lane);
      auto b = rows_.pose(params.body_b, lane);
      const Mask fine = physics::solve_joint_position(params, masses, joints_[joint][g], a, b);
      good[g] = lanes::both(good[g], fine);
      rows_.set_place(params.body_a, lane, a);
      rows_.set_place(params.body_b, lane, b);
    });
    // Apart, so that neighbors in the processor's window do not wait for each other.
    Rows::each_group([&](int, int lane) {
      rows_.template refresh_rotation<flavor>(params.body_a, lane);
      rows_.template refresh_rotation<flavor>(params.body_b, lane);
    });
  }

  void keep_poses(std::uint32_t games) {
    Rows::each_group([&](int g, int lane) {
      const Mask newly = Rows::lane_mask(games, lane);
      if (!lanes::any(newly)) return;
      for (int part = 0; part < game::kPartCount; ++part) {
        auto& kept = kept_poses_[part][g];
        kept = choose(newly, rows_.pose(game::kFirstPart + part, lane), kept);
      }
    });
  }

  void put_back_poses(std::uint32_t games) {
    Rows::each_group([&](int g, int lane) {
      const Mask kept = Rows::lane_mask(games, lane);
      if (!lanes::any(kept)) return;
      for (int part = 0; part < game::kPartCount; ++part) {
        const int body = game::kFirstPart + part;
        rows_.set_pose(body, lane, choose(kept, kept_poses_[part][g], rows_.pose(body, lane)));
      }
    });
  }

  static QWOP_ALWAYS_INLINE Pose<F> choose(Mask mask, const Pose<F>& yes, const Pose<F>& no) {
    return {select(mask, yes.center, no.center), lanes::select(mask, yes.angle, no.angle),
            select(mask, yes.rotation, no.rotation)};
  }

  void update_sleep() {
    constexpr double kLinear = physics::kLinearSleepSpeed * physics::kLinearSleepSpeed;
    constexpr double kAngular = physics::kAngularSleepSpeed * physics::kAngularSleepSpeed;
    data_.at_rest = 0;
    Rows::each_group([&](int, int lane) {
      F shortest(1e300);
      for (int body = game::kFirstPart; body < game::kBodyCount; ++body) {
        const auto v = rows_.velocity(body, lane);
        const Mask moves = lanes::either(v.angular * v.angular > F(kAngular),
                                         dot(v.linear, v.linear) > F(kLinear));
        auto& row = data_.bodies[body].sleep_time;
        const F time = lanes::select(moves, F(0.0), Rows::load(row, lane) + F(physics::kTimeStep));
        Rows::store(row, lane, time);
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
      left_fat_box_[part] = meets_[part] = 0;
      Rows::each_group([&](int g, int lane) {
        const auto p = rows_.pose(body, lane);
        const auto& start = starts_[part][g];
        auto box = unite(start.box, physics::tight_box(p, def.half_width, def.half_height));
        Mask rests = F(0.0) != F(0.0);
        if (data_.at_rest != 0) [[unlikely]] {
          rests = Rows::lane_mask(data_.at_rest, lane);
          const Box old{Rows::load(rows.low_x, rows.low_y, lane),
                        Rows::load(rows.high_x, rows.high_y, lane)};
          box = {select(rests, old.low, box.low), select(rests, old.high, box.high)};
        }
        Rows::store(rows.low_x, lane, box.low.x);
        Rows::store(rows.low_y, lane, box.low.y);
        Rows::store(rows.high_x, lane, box.high.x);
        Rows::store(rows.high_y, lane, box.high.y);
        refatten(part, lane, box, p.center - start.center, rests);
      });
      left_fat_box_[part] &= data_.running;
      meets_[part] &= left_fat_box_[part];
    }
  }

  // A new fat box where the box has left its old one.
  void refatten(int part, int lane, const Box& box, Vec2<F> motion, Mask rests) {
    auto& rows = data_.boxes[part];
    const Box old{Rows::load(rows.fat_low_x, rows.fat_low_y, lane),
                  Rows::load(rows.fat_high_x, rows.fat_high_y, lane)};
    const Mask inside_x = lanes::both(old.low.x <= box.low.x, box.high.x <= old.high.x);
    const Mask inside_y = lanes::both(old.low.y <= box.low.y, box.high.y <= old.high.y);
    const Mask stays = lanes::either(lanes::both(inside_x, inside_y), rests);
    if (lanes::all(stays)) return;
    const auto fresh = physics::fatten(box, physics::leaf_margin(motion));
    Rows::store(rows.fat_low_x, lane, lanes::select(stays, old.low.x, fresh.low.x));
    Rows::store(rows.fat_low_y, lane, lanes::select(stays, old.low.y, fresh.low.y));
    Rows::store(rows.fat_high_x, lane, lanes::select(stays, old.high.x, fresh.high.x));
    Rows::store(rows.fat_high_y, lane, lanes::select(stays, old.high.y, fresh.high.y));
    left_fat_box_[part] |= lanes::lane_bits(lanes::negate(stays)) << lane;
    const Mask above = fresh.high.y < Rows::load(data_.ground_top, lane);
    const Mask between = lanes::both(fresh.low.x > Rows::load(data_.block_right, lane),
                                     fresh.high.x < Rows::load(data_.hurdle_left, lane));
    meets_[part] |= lanes::lane_bits(lanes::negate(lanes::both(above, between))) << lane;
  }

  // Newest body first, as the game does it. From game to game at each part: one tree's next move
  // has to wait for the move before, another tree's has not.
  void move_leaves() {
    data_.meeting_parts.fill(0);
    for (int part = game::kPartCount - 1; part >= 0; --part) {
      const auto& rows = data_.boxes[part];
      std::array<std::int8_t, kLanes> joined;
      for (auto left = left_fat_box_[part]; left != 0; left &= left - 1) {
        const int lane = std::countr_zero(left);
        auto& tree = *data_.trees[lane];
        joined[lane] = physics::TreeEditor(tree).begin_move(
            tree.leaves[game::kFirstPart + part],
            physics::TreeEditor::box(rows.fat_low_x[lane], rows.fat_low_y[lane],
                                     rows.fat_high_x[lane], rows.fat_high_y[lane]));
      }
      for (auto left = left_fat_box_[part]; left != 0; left &= left - 1) {
        const int lane = std::countr_zero(left);
        physics::TreeEditor(*data_.trees[lane]).grow(joined[lane]);
      }
      for (auto left = meets_[part]; left != 0; left &= left - 1) {
        data_.meeting_parts[std::countr_zero(left)] |= 1u << part;
      }
    }
  }

  struct Start {
    Vec2<F> center;
    Box box;
  };

  const physics::Scene& scene_;
  LaneData& data_;
  Rows rows_;
  LaneContacts<flavor, ContactLanes> contacts_;
  std::array<std::array<JointConstraint<F>, kGroups>, game::kJointCount> joints_;
  std::array<std::array<Start, kGroups>, game::kPartCount> starts_;
  std::array<std::array<Pose<F>, kGroups>, game::kPartCount> kept_poses_;
  // Bit i: of game i; meets_: and may meet what it did not before.
  std::array<std::uint32_t, game::kPartCount> left_fat_box_, meets_;
};

inline void collide_lanes(LaneData& data) { LanePairs<ContactLanes>(data).collide(); }

inline void run_lanes(const physics::Scene& scene, LaneData& data) {
  using F = GameLanes;
  switch (scene.flavor) {
    case SinCosFlavor::Glibc:
      return LaneKernel<SinCosFlavor::Glibc, F>(scene, data).run();
    case SinCosFlavor::GlibcFma:
      return LaneKernel<SinCosFlavor::GlibcFma, F>(scene, data).run();
    case SinCosFlavor::Fdlibm:
      return LaneKernel<SinCosFlavor::Fdlibm, F>(scene, data).run();
  }
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::batch
