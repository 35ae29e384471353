// What an agent sees: qwop-gym's 60 numbers.
#pragma once

#include <algorithm>
#include <array>

#include "game/game_facts.hpp"
#include "physics/body.hpp"

namespace qwop::env {

inline constexpr int kValuesPerPart = 5;  // x, y, angle, vx, vy
inline constexpr int kObservationSize = game::kPartCount * kValuesPerPart;

// Maps a range to -1..1 in float32, as qwop-gym does it: each operation rounds to float32.
struct Normalizer {
  float center, max_deviation;
  float operator()(double value) const {
    const float normal = (static_cast<float>(value) - center) / max_deviation;
    return std::clamp(normal, -1.0f, 1.0f);
  }
};

constexpr Normalizer over_range(float low, float high) {
  const float center = (low + high) / 2.0f;
  return {center, high - center};
}

inline constexpr Normalizer kPositionX = over_range(-10.0f, 1050.0f);
inline constexpr Normalizer kPositionY = over_range(-10.0f, 10.0f);
inline constexpr Normalizer kAngle = over_range(-6.0f, 6.0f);
inline constexpr Normalizer kVelocityX = over_range(-20.0f, 60.0f);
inline constexpr Normalizer kVelocityY = over_range(-25.0f, 60.0f);

// The five columns of one part.
inline void observe_part(double x, double y, double angle, double vx, double vy, float* out) {
  out[0] = kPositionX(x);
  out[1] = kPositionY(y);
  out[2] = kAngle(angle);
  out[3] = kVelocityX(vx);
  out[4] = kVelocityY(vy);
}

}  // namespace qwop::env
