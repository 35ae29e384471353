// What the keys do to the joints, over a lane type F.
#pragma once

#include "game/game_facts.hpp"
#include "game/keys.hpp"
#include "physics/revolute_joint.hpp"

namespace qwop::game {

// Which keys have an effect: Q beats W, O beats P.
template <class F>
struct ActiveKeys {
  lanes::Mask<F> q, w, o, p;
};

inline ActiveKeys<double> active_keys(KeyMask keys) {
  return {(keys & kQ) != 0, (keys & (kQ | kW)) == kW, (keys & kO) != 0, (keys & (kO | kP)) == kP};
}

// Q and W swing hips and shoulders, O and P knees; O and P also move the hips' limits, which stay
// where they were put when the key is let go. (The game sets elbow speeds too; elbows have no
// motor.)
template <class F, class Joints>
void apply_keys(const ActiveKeys<F>& keys, Joints& joints) {
  const auto speed = [&](int joint, lanes::Mask<F> forward, lanes::Mask<F> backward, double value) {
    joints[joint].motor_speed =
        lanes::select(forward, F(value), lanes::select(backward, F(-value), F(0.0)));
  };
  speed(kRightHip, keys.q, keys.w, kHipSpeed);
  speed(kLeftHip, keys.q, keys.w, -kHipSpeed);
  speed(kRightShoulder, keys.q, keys.w, -kShoulderSpeed);
  speed(kLeftShoulder, keys.q, keys.w, kShoulderSpeed);
  speed(kRightKnee, keys.o, keys.p, kKneeSpeed);
  speed(kLeftKnee, keys.o, keys.p, -kKneeSpeed);

  const auto limits = [&](int joint, AngleLimits with_o, AngleLimits with_p) {
    auto& j = joints[joint];
    const auto choose = [&](double o, double p, F now) {
      return lanes::select(keys.o, F(o), lanes::select(keys.p, F(p), now));
    };
    j.lower = choose(with_o.lower, with_p.lower, j.lower);
    j.upper = choose(with_o.upper, with_p.upper, j.upper);
  };
  limits(kLeftHip, kLeftHipWithO, kLeftHipWithP);
  limits(kRightHip, kRightHipWithO, kRightHipWithP);
}

// What an update adds to the torque that holds the head up.
inline double head_torque_gain(double head_angle) {
  return kHeadTorqueGain * (head_angle + kHeadUprightAngle);
}

// Joints that swing freely once a game has ended; hip and ankle limits stay.
QWOP_ALWAYS_INLINE constexpr bool loses_limits(int joint) {
  return joint == kRightKnee || joint == kLeftKnee || joint == kRightShoulder ||
         joint == kLeftShoulder;
}

// The end of a game takes the strength out of the joints.
template <class Joints>
void go_limp(Joints& joints) {
  for (const int hip : {kRightHip, kLeftHip}) joints[hip].motor_speed = 0.0;
  for (int joint = 0; joint < kJointCount; ++joint) {
    joints[joint].motor_enabled = false;
    if (loses_limits(joint)) joints[joint].limit_enabled = false;
  }
}

}  // namespace qwop::game
