// Falling, jumping, landing and the score: what the game makes of bodies that begin to touch.
#pragma once

#include <cstdint>

#include "game/game_facts.hpp"
#include "physics/world.hpp"

namespace qwop::game {

struct Status {
  double score = 0.0;       // meters, tenths
  double high_score = 0.0;  // best since the page was loaded
  bool fallen = false;
  bool jumped = false;       // took off for the sand
  bool jump_landed = false;  // and landed in it
  bool ended = false;
  bool paused = false;  // after a landing; a fall does not pause
};

// Meters with one digit, rounded as JavaScript rounds: halves up, the sign of zero kept.
double score_at(double x);

class Rules final : public physics::ContactListener {
 public:
  explicit Rules(Status& status) : status_(status) {}
  void begin_contact(int body_a, int body_b, const physics::WorldManifold& manifold) override;

 private:
  void foot_down(double x);
  void fall(double x);
  void record(double x);

  Status& status_;
};

}  // namespace qwop::game
