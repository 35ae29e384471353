// Tolerances and limits of the solver, as the real game's Box2D sets them. None of these may
// change: each decides bits. Lengths are world units (20 px; ten to a meter), angles radians, times
// seconds.
#pragma once

#include <numbers>

namespace qwop::physics {

// The step is always the same; the game's score clock runs apart from it (game_facts.hpp).
inline constexpr double kTimeStep = 0.04;
inline constexpr double kInvTimeStep = 1.0 / kTimeStep;
inline constexpr int kVelocityIterations = 5;
inline constexpr int kPositionIterations = 5;

inline constexpr double kGravityY = 10.0;  // +y points down

// Every polygon carries a skin this thick; two of them make the reach of a contact.
inline constexpr double kPolygonRadius = 0.005;
inline constexpr double kContactRadius = kPolygonRadius + kPolygonRadius;

// Penetration and joint error that the position iterations leave alone.
inline constexpr double kLinearSlop = 0.005;
// The largest double whose square root does not round above kLinearSlop: comparing squares with it
// equals comparing lengths with kLinearSlop.
inline constexpr double kLinearSlopSquared = 0x1.a36e2eb1c432ep-16;
inline constexpr double kAngularSlop = 0.011111111111111112 * std::numbers::pi;  // 2 degrees

// Most that one position correction may move a body.
inline constexpr double kMaxLinearCorrection = 0.2;
inline constexpr double kMaxAngularCorrection = 0.044444444444444446 * std::numbers::pi;  // 8 deg

// Contacts count as solved when none is deeper than this.
inline constexpr double kContactGoodEnough = -1.5 * kLinearSlop;

// Margin of a leaf in the dynamic tree, and how far ahead it is stretched along the last motion.
inline constexpr double kAabbExtension = 0.1;
inline constexpr double kAabbMultiplier = 2.0;

// Most a body may move and turn in one step.
inline constexpr double kMaxTranslation = 2.0;
inline constexpr double kMaxTranslationSquared = kMaxTranslation * kMaxTranslation;
inline constexpr double kMaxRotation = 0.5 * std::numbers::pi;
inline constexpr double kMaxRotationSquared = kMaxRotation * kMaxRotation;

// A body rests when it stays below both speeds for this long.
inline constexpr double kTimeToSleep = 0.5;
inline constexpr double kLinearSleepSpeed = 0.01;
inline constexpr double kAngularSleepSpeed = kAngularSlop;

// Two contact points are solved together unless their matrix is this badly conditioned.
inline constexpr double kMaxConditionNumber = 100.0;

// Capacities. A world owns all its storage, so that a step never allocates.
inline constexpr int kMaxBodies = 20;
inline constexpr int kMaxJoints = 12;
inline constexpr int kMaxContacts = 80;
inline constexpr int kMaxTreeNodes = 2 * kMaxBodies;

}  // namespace qwop::physics
