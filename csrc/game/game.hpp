// One game of QWOP: the page from loading through the intro screen, runs and restarts.
#pragma once

#include <cstdint>

#include "game/keys.hpp"
#include "game/rules.hpp"
#include "physics/world.hpp"

namespace qwop::game {

class Game {
 public:
  // A freshly loaded page: intro screen up, nothing has moved yet.
  explicit Game(SinCosFlavor flavor);

  // Ends the intro screen and zeroes the clock. Without effect when done before.
  void click();
  // The game's own restart. One update with the held keys is part of it.
  void reset();
  void begin_reset();  // all of it but the update
  // One frame of the game with the held keys.
  void update(double elapsed = kFrameTime);

  // The phases of an update, for those who update many games side by side: clock and ground, then
  // the keys and the head's torque, then the world's step if it runs, then camera, score and end.
  void begin_update(double elapsed = kFrameTime);
  void drive();
  void apply_held_keys();  // the part of drive() that depends on nothing but the keys
  bool runs() const { return clicked_ && !status_.paused; }
  void collide();
  // The same with a narrow phase of others, see physics::World.
  template <class MeetingOf>
  void collide(MeetingOf&& meeting_of) {
    Rules rules(status_);
    world_.collide(rules, meeting_of);
  }
  void finish_update();

  // Goes on from where another game of the same keys stands, with its own high score and its own
  // tree, whose leaves must have the other one's boxes already.
  void continue_as(const Game& other);

  void hold(KeyMask keys) { keys_ = keys; }
  KeyMask held_keys() const { return keys_; }

  bool started() const { return clicked_; }
  const Status& status() const { return status_; }
  double score_time() const { return score_time_; }  // s, the game's clock
  double camera_x() const { return camera_x_; }      // px
  std::int64_t frames() const { return frames_; }    // updates its clock has counted
  double head_torque() const { return world_.body(kHead).torque; }
  const physics::Body& body(int index) const { return world_.body(index); }
  const physics::World& world() const { return world_; }
  physics::World& world() { return world_; }
  SinCosFlavor flavor() const { return world_.scene().flavor; }

  template <class Archive>
  void serialize(Archive& archive);
  // Whether what was restored into this game can be played on.
  bool valid() const;

 private:
  void create_ground();
  void create_hurdle();
  void create_runner();
  void destroy_runner_and_hurdle();
  void move_track();
  void hold_head_up();
  void follow_torso();
  void end_if_over();
  void set_camera(double x);

  physics::World world_;
  Status status_;
  double score_time_ = 0.0;
  double camera_x_ = kCameraAtLoad;
  std::int64_t frames_ = 0;
  KeyMask keys_ = 0;
  bool clicked_ = false;
};

template <class Archive>
void Game::serialize(Archive& archive) {
  archive(score_time_), archive(camera_x_), archive(frames_), archive(keys_), archive(clicked_);
  archive(status_.score), archive(status_.high_score);
  archive(status_.fallen), archive(status_.jumped), archive(status_.jump_landed);
  archive(status_.ended), archive(status_.paused);
  world_.data().serialize(archive);
}

}  // namespace qwop::game
