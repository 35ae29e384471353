// Every constant of QWOP's world, as measured in the running game. Pixels / 20 are world units, ten
// world units a metre, +y points down, angles in radians.
#pragma once

#include <array>
#include <cstdint>

#include "physics/scene.hpp"

namespace qwop::game {

inline constexpr double kWorldScale = 20.0;                // px per world unit
inline constexpr double kFrameTime = 0.03333333333333333;  // s the score clock gains per update
inline constexpr int kFramesPerSecond = 30;

inline constexpr double kScreenWidth = 640.0;      // px; also the length of one track tile
inline constexpr double kSandPitAt = 20000.0;      // px: 100 m
inline constexpr double kTakeOffZone = 220.0;      // px before the sand from where a jump counts
inline constexpr double kHurdleAt = 10000.0;       // px: 50 m
inline constexpr double kCameraOffset = -14.0;     // world units from torso to the camera's edge
inline constexpr double kCameraAtLoad = -200.0;    // px
inline constexpr double kCameraAtReset = -280.0;   // px
inline constexpr double kCameraLowest = -1200.0;   // px: the camera stops here by itself
inline constexpr double kCameraHighest = 20933.0;  // px
inline constexpr double kCameraLiftHeight = -5.0;  // above this the camera only follows upwards

// Bodies in order of creation.
enum BodyIndex : int {
  kTrack0 = 0,
  kBlock = 3,
  kHurdleBase = 4,
  kHurdleTop = 5,
  kTorso = 6,
  kHead,
  kLeftForearm,
  kLeftThigh,
  kLeftArm,
  kLeftCalf,
  kLeftFoot,
  kRightForearm,
  kRightArm,
  kRightCalf,
  kRightFoot,
  kRightThigh,
  kBodyCount
};
inline constexpr int kTrackTiles = 3;
inline constexpr int kFirstPart = kTorso;
inline constexpr int kPartCount = kBodyCount - kFirstPart;

// Parts in the order in which users see them.
inline constexpr std::array<int, kPartCount> kReportedParts{
    kTorso,     kHead,     kLeftArm,   kLeftCalf,  kLeftFoot,     kLeftForearm,
    kLeftThigh, kRightArm, kRightCalf, kRightFoot, kRightForearm, kRightThigh};

enum JointIndex : int {
  kHurdleJoint = 0,
  kNeck,
  kRightShoulder,
  kLeftShoulder,
  kLeftHip,
  kRightHip,
  kLeftElbow,
  kRightElbow,
  kLeftKnee,
  kRightKnee,
  kLeftAnkle,
  kRightAnkle,
  kJointCount
};

// The head is held upright by a torque that grows by this much each update: it is never cleared.
inline constexpr double kHeadTorqueGain = -4.0;
inline constexpr double kHeadUprightAngle = 0.2;

// Motor speeds the keys set, rad/s.
inline constexpr double kHipSpeed = 2.5;
inline constexpr double kShoulderSpeed = 2.0;
inline constexpr double kKneeSpeed = 2.5;

struct AngleLimits {
  double lower, upper;
};
inline constexpr AngleLimits kLeftHipWithO{-1.0, 1.0};
inline constexpr AngleLimits kRightHipWithO{-1.3, 0.7};
inline constexpr AngleLimits kLeftHipWithP{-1.5, 0.5};
inline constexpr AngleLimits kRightHipWithP{-0.8, 1.2};

// The scene of a fresh page: ground, block, hurdle and runner. One for each sine and cosine, since
// joint anchors are found with them; built on first use and shared by all games.
const physics::Scene& scene(SinCosFlavor flavor);

}  // namespace qwop::game
