#include "game/rules.hpp"

#include <cmath>

namespace qwop::game {
namespace {

bool is_track(int body) { return body >= kTrack0 && body < kTrack0 + kTrackTiles; }

// Legs, torso and the right foot may touch the ground as they like.
bool breaks_a_fall(int body) {
  return body == kHead || body == kLeftArm || body == kRightArm || body == kLeftForearm ||
         body == kRightForearm;
}

double js_round(double x) {
  const double down = std::floor(x);
  const double rounded = x - down >= 0.5 ? down + 1.0 : down;
  return std::copysign(rounded, x);
}

}  // namespace

double score_at(double x) { return js_round(x) / 10.0; }

void Rules::begin_contact(int body_a, int body_b, const physics::WorldManifold& manifold) {
  if (!is_track(body_a) || status_.fallen) return;
  // The game looks at both slots of the manifold; one that is not used counts as x = 0.
  const double x = lanes::max(manifold.points[1].x, manifold.points[0].x);
  // It asks for the right foot too, but as the first body, which only a track can be.
  if (body_b == kLeftFoot) {
    foot_down(x);
  } else if (breaks_a_fall(body_b)) {
    fall(x);
  }
}

void Rules::foot_down(double x) {
  if (x * kWorldScale > kSandPitAt - kTakeOffZone) status_.jumped = true;
  if (!status_.jumped || status_.jump_landed) return;
  if (x * kWorldScale > kSandPitAt) status_.jump_landed = true;
  record(x);
}

void Rules::fall(double x) {
  status_.fallen = true;
  if (status_.jumped) status_.jump_landed = true;  // a fall after take-off is a landing
  record(x);
}

void Rules::record(double x) {
  status_.score = score_at(x);
  if (status_.score > status_.high_score) status_.high_score = status_.score;
}

}  // namespace qwop::game
