// Every constant of QWOP's world, as measured in the running game. Pixels / 20 are world units, ten
// world units a meter, +y points down, angles in radians.
#pragma once

#include <array>
#include <cstdint>

#include "physics/scene.hpp"
#include "physics/settings.hpp"

namespace qwop::game {

// The sine and cosine of the browsers that most people have.
inline constexpr SinCosFlavor kDefaultSinCos = SinCosFlavor::Glibc;

inline constexpr double kWorldScale = 20.0;                // px per world unit
inline constexpr double kFrameTime = 0.03333333333333333;  // s the score clock gains per update
inline constexpr int kFramesPerSecond = 30;

inline constexpr double kUnitsPerMeter = 10.0;
// Meters; the game shows this or more after a landing beyond them.
inline constexpr double kFinishScore = 100.0;

// The physics' step, which is longer than the score clock's.
inline constexpr double kPhysicsStep = physics::kTimeStep;
// qwop-gym lets one tick of the page's engine pass after each load and reset, and the game's clock
// takes the real time since the tick before, at most this much, seconds.
inline constexpr double kMaxEngineTick = 0.25;

inline constexpr double kScreenWidth = 640.0;      // px; also the length of one track tile
inline constexpr double kScreenHeight = 400.0;     // px
inline constexpr double kTrackHeight = 64.0;       // px
inline constexpr double kTrackCenterY = 10.74275;  // world units
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

// What users call the bodies and the joints, in the orders above.
inline constexpr std::array<const char*, kBodyCount> kBodyNames{
    "track0",   "track1",       "track2",      "block",     "hurdleBase", "hurdleTop",
    "torso",    "head",         "leftForearm", "leftThigh", "leftArm",    "leftCalf",
    "leftFoot", "rightForearm", "rightArm",    "rightCalf", "rightFoot",  "rightThigh"};
inline constexpr std::array<const char*, kJointCount> kJointNames{
    "hurdle",    "neck",       "rightShoulder", "leftShoulder", "leftHip",   "rightHip",
    "leftElbow", "rightElbow", "leftKnee",      "rightKnee",    "leftAnkle", "rightAnkle"};

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

struct BoxFact {
  physics::BodyType type;
  double width, height;  // px
  double density, friction;
  std::uint16_t category, mask;
  double x, y, angle;  // world units, radians
};

// Collision categories: 1 ground, 2 runner, 4 hurdle. The parts of the runner pass through each
// other and through the hurdle's base; the hurdle's halves pass through each other.
inline constexpr std::uint16_t kRunnerMask = 0xffff & ~2;
inline constexpr std::uint16_t kHurdleBaseMask = 0xffff & ~(2 | 4);
inline constexpr std::uint16_t kHurdleTopMask = 0xffff & ~4;

constexpr BoxFact track(int tile) {
  return {physics::BodyType::Static,
          kScreenWidth,
          kTrackHeight,
          30,
          0.2,
          1,
          0xffff,
          kScreenWidth / kWorldScale * tile,
          kTrackCenterY,
          0};
}
constexpr BoxFact part(double width, double height, double x, double y, double angle,
                       double density = 1, double friction = 0.2) {
  return {
      physics::BodyType::Dynamic, width, height, density, friction, 2, kRunnerMask, x, y, angle};
}

inline constexpr std::array<BoxFact, kBodyCount> kBoxes{{
    track(0),
    track(1),
    track(2),
    {physics::BodyType::Static, 251, 299, 1, 0.2, 1, 0xffff, -39.996249999999996, 2.10625, 0},
    {physics::BodyType::Dynamic, 67, 12, 1, 0.2, 4, kHurdleBaseMask, kHurdleAt / kWorldScale,
     175.5 / kWorldScale, 0},
    {physics::BodyType::Dynamic, 21.5, 146, 1, 0.2, 4, kHurdleTopMask,
     (kHurdleAt + 17.3) / kWorldScale, 101.15 / kWorldScale, 0},
    part(131, 57, 2.5111726226000157, -1.8709517533957938, -1.2514497119301329),
    part(43, 53, 3.888130278719558, -5.621802929095265, 0.06448415835225099),
    part(70, 22, 5.830008603424893, -2.8733539631159584, -1.2049772618421237),
    part(101, 40, 2.5648987628203876, 1.648090668682522, -2.0177234426823394),
    part(74, 25, 4.417861014480877, -2.806563606410589, 0.9040095895272826),
    part(100, 30, 3.12585731974087, 5.525511655361298, -1.5903971528225265),
    part(54, 27, 3.926921842806667, 8.08884032049622, 0.12027524643408766, 3, 1.5),
    part(89, 27, 0.4078206420797428, -1.0599953233084172, -1.7553358283857299),
    part(78, 30, 1.1812303663272852, -3.5000256518601014, -0.5222217404634386),
    part(100, 30, -0.07253905736790486, 5.347881871063159, -0.7588859967104447),
    part(54, 29, -1.1254742643908706, 7.567193169625567, 0.5897605418219602, 3, 1.5),
    part(106, 40, 1.6120186135678773, 2.0615320561881516, 1.4849422964528027),
}};

// Body A first. Anchors of the runner's joints are world points of the creation poses. Motors exist
// at shoulders, hips and knees; torque is their most.
inline constexpr std::array<physics::JointDef, kJointCount> kJoints{{
    {kHurdleTop,
     kHurdleBase,
     {3.6 / 20, 74.6 / 20},
     {20.9 / 20, 0.25 / 20},
     true,
     0,
     0,
     0,
     0,
     false},
    {kHead,
     kTorso,
     {3.5885141908253755, -4.526224223627244},
     {3.588733341630704, -4.526434658500262},
     false,
     -1.308996406363529,
     -0.5,
     0,
     0,
     false},
    {kRightArm,
     kTorso,
     {2.228476821818547, -4.086468732185028},
     {2.228929993886102, -4.08707555939957},
     false,
     -0.7853907065463961,
     -0.5,
     1.5,
     1000,
     true},
    {kLeftArm,
     kTorso,
     {3.6241979856895377, -3.5334881618011442},
     {3.6241778782207157, -3.533950434531982},
     false,
     -2.09438311816829,
     -2,
     0,
     1000,
     true},
    {kLeftThigh,
     kTorso,
     {2.0030339754142847, 0.23737160622781284},
     {2.003367181376716, 0.23802590387419476},
     false,
     0.7258477508944043,
     -1.5,
     0.5,
     6000,
     true},
    {kRightThigh,
     kTorso,
     {1.2475900729227194, -0.011046642863645761},
     {1.2470052823973599, -0.011635347168778898},
     false,
     -2.719359381718199,
     -1.3,
     0.7,
     6000,
     true},
    {kLeftForearm,
     kLeftArm,
     {5.525375332758792, -1.63856204930891},
     {5.52537532948459, -1.6385620366077662},
     false,
     2.09438311816829,
     -0.1,
     0.5,
     0,
     false},
    {kRightForearm,
     kRightArm,
     {-0.006090859076100963, -2.8004758838752157},
     {-0.0060908611708438976, -2.8004758929205846},
     false,
     1.2968199012274688,
     -0.1,
     0.5,
     0,
     false},
    {kLeftCalf,
     kLeftThigh,
     {3.384323411985692, 3.5168931240916876},
     {3.3844684376952108, 3.5174122997898016},
     false,
     -0.3953113764119829,
     -1.6,
     0,
     3000,
     true},
    {kRightCalf,
     kRightThigh,
     {1.4982369235492752, 4.175600306005656},
     {1.4982043532615996, 4.17493520671361},
     false,
     2.2893406247158676,
     -1.3,
     0.3,
     3000,
     true},
    {kLeftFoot,
     kLeftCalf,
     {3.312322507818897, 7.947704853895541},
     {3.3123224825088817, 7.947704836256229},
     false,
     -1.7244327585010226,
     -0.5,
     0.5,
     0,
     false},
    {kRightFoot,
     kRightCalf,
     {-1.6562855402197227, 6.961551452557676},
     {-1.655726670462596, 6.961493826969391},
     false,
     -1.5708045825942758,
     -0.5,
     0.5,
     0,
     false},
}};

// The widest limits that a joint's angle can have, whatever keys are down.
constexpr AngleLimits widest_limits(int joint) {
  AngleLimits widest{kJoints[joint].lower, kJoints[joint].upper};
  const auto widen = [&](AngleLimits with_key) {
    widest.lower = with_key.lower < widest.lower ? with_key.lower : widest.lower;
    widest.upper = with_key.upper > widest.upper ? with_key.upper : widest.upper;
  };
  if (joint == kLeftHip) {
    widen(kLeftHipWithO);
    widen(kLeftHipWithP);
  }
  if (joint == kRightHip) {
    widen(kRightHipWithO);
    widen(kRightHipWithP);
  }
  return widest;
}

// Bits of the events of a game.
namespace events {
inline constexpr std::uint8_t kFallen = 1, kJumped = 2, kLanded = 4, kEnded = 8;
// The feet and shins that touch the ground, as the game's contacts stand after the last frame.
inline constexpr std::uint8_t kLeftFootDown = 16, kRightFootDown = 32;
inline constexpr std::uint8_t kHurdleTouched = 64;
}  // namespace events

// The scene of a fresh page: ground, block, hurdle and runner. One for each sine and cosine, since
// joint anchors are found with them; built on first use and shared by all games.
const physics::Scene& scene(SinCosFlavor flavor);

}  // namespace qwop::game
