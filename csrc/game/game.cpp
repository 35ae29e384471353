#include "game/game.hpp"

#include <array>
#include <cmath>

#include "game/controls.hpp"

namespace qwop::game {

Game::Game(SinCosFlavor flavor) : world_(scene(flavor)) {
  create_ground();
  create_hurdle();
  create_runner();
}

// Each body appears at the origin and is moved in two steps, position then angle, as the game does
// it: every move searches for contacts and shapes the broad phase's tree.
void Game::create_ground() {
  for (int i = kTrack0; i <= kBlock; ++i) {
    const auto& def = world_.scene().bodies[i].def;
    world_.create_body(i, {0.0, 0.0}, 0.0);
    world_.teleport(i, def.position, 0.0);
    world_.teleport(i, def.position, def.angle);
  }
}

void Game::create_hurdle() {
  for (const int i : {kHurdleBase, kHurdleTop}) {
    world_.create_body(i);
    world_.put_to_sleep(i);
  }
  world_.create_joint(kHurdleJoint);
}

void Game::create_runner() {
  for (int i = kFirstPart; i < kBodyCount; ++i) {
    const auto& def = world_.scene().bodies[i].def;
    world_.create_body(i, {0.0, 0.0}, 0.0);
    world_.teleport(i, def.position, 0.0);
    world_.teleport(i, def.position, def.angle);
  }
  for (int k = kHurdleJoint + 1; k < kJointCount; ++k) world_.create_joint(k);
}

void Game::destroy_runner_and_hurdle() {
  constexpr std::array kOrder{kHurdleBase,   kHurdleTop,  kTorso,     kHead,     kLeftArm,
                              kLeftForearm,  kLeftThigh,  kLeftCalf,  kLeftFoot, kRightArm,
                              kRightForearm, kRightThigh, kRightCalf, kRightFoot};
  for (const int body : kOrder) world_.destroy_body(body);
}

void Game::click() {
  if (clicked_) return;
  clicked_ = true;
  score_time_ = 0.0;
  frames_ = 0;
}

void Game::reset() {
  begin_reset();
  update();
}

void Game::begin_reset() {
  score_time_ = 0.0;
  frames_ = 0;
  destroy_runner_and_hurdle();
  set_camera(kCameraAtReset);
  create_hurdle();
  create_runner();
  const double high_score = status_.high_score;
  status_ = {};
  status_.high_score = high_score;
}

void Game::continue_as(const Game& other) {
  const double high_score = status_.high_score;
  status_ = other.status_;
  status_.high_score = high_score;
  score_time_ = other.score_time_;
  camera_x_ = other.camera_x_;
  frames_ = other.frames_;
  world_.data().copy_without_tree(other.world_.data());
}

void Game::update(double elapsed) {
  begin_update(elapsed);
  drive();
  if (runs()) {
    collide();
    world_.solve();
    world_.find_new_contacts();
  }
  finish_update();
}

void Game::begin_update(double elapsed) {
  if (!status_.paused && !status_.ended) {
    score_time_ += elapsed;
    ++frames_;
  }
  move_track();
}

void Game::drive() {
  hold_head_up();
  apply_held_keys();
}

void Game::apply_held_keys() { apply_keys(active_keys(keys_), world_.joints()); }

void Game::collide() {
  Rules rules(status_);
  world_.collide(rules);
}

void Game::finish_update() {
  follow_torso();
  end_if_over();
}

// Three tiles lie under the camera; they jump ahead when it leaves one behind.
void Game::move_track() {
  const double first = std::floor(camera_x_ / kScreenWidth);
  for (int i = 0; i < kTrackTiles; ++i) {
    const int body = kTrack0 + i;
    const double x = (first + i) * kScreenWidth / kWorldScale;
    const auto& pose = world_.body(body).pose;
    if (x != pose.center.x) world_.teleport(body, {x, pose.center.y}, pose.angle);
  }
}

// Works on the intro screen too, where it adds up without moving anything.
void Game::hold_head_up() {
  if (status_.fallen) return;
  if (!world_.is_awake(kHead)) world_.wake(kHead);
  world_.add_torque(kHead, head_torque_gain(world_.body(kHead).pose.angle));
}

void Game::follow_torso() {
  const auto& center = world_.body(kTorso).pose.center;
  if (clicked_ && !(center.y < kCameraLiftHeight) && !status_.fallen) {
    set_camera((center.x + kCameraOffset) * kWorldScale);
  }
  if (!status_.jump_landed) status_.score = score_at(center.x);
}

void Game::set_camera(double x) { camera_x_ = physics::bounded(x, kCameraLowest, kCameraHighest); }

void Game::end_if_over() {
  if (status_.ended || (!status_.jump_landed && !status_.fallen)) return;
  status_.paused = status_.jump_landed;
  status_.ended = true;
  go_limp(world_.joints());
}

bool Game::valid() const {
  constexpr std::int64_t kMostFrames = std::int64_t{1} << 53;  // nobody plays for so long
  return frames_ >= 0 && frames_ <= kMostFrames && keys_ <= kAllKeys &&
         world_.data().valid(world_.scene());
}

}  // namespace qwop::game
