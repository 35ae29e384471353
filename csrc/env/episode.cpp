#include "env/episode.hpp"

#include <utility>

namespace qwop::env {
namespace {

// qwop-gym lets one tick of the page's engine pass after each load and reset, and the game's clock
// takes the real time since the tick before, at most this much. Offline that bound stands for it.
constexpr double kEngineTick = 0.25;

// An episode ends when the torso leaves this range, metres, and succeeds when it ends beyond 100 m.
constexpr double kShortestDistance = -10.0;
constexpr double kLongestDistance = 105.0;
constexpr double kFinishDistance = 100.0;

double distance_of(const game::Game& game) {
  return game.body(game::kTorso).pose.centre.x / 10.0;
}

}  // namespace

Episode::Episode(EpisodeOptions options)
    : options_(std::move(options)), game_(options_.flavour) {
  load_page();
}

void Episode::load_page() {
  game_.click();
  for (int i = 0; i < options_.reward.frames_per_step; ++i) game_.update();
  game_.update(kEngineTick);
}

void Episode::reset(std::span<float, kObservationSize> observation) {
  if (options_.reload_on_reset) {
    game_ = game::Game(options_.flavour);
    load_page();
  }
  game_.hold(0);
  game_.reset();
  game_.update(kEngineTick);
  before_ = {};
  first_step_ = true;
  success_ = false;
  observe(observation);
}

StepResult Episode::step(int action, std::span<float, kObservationSize> observation) {
  const int keys = options_.action_keys[action];
  const bool terminate = keys == kTerminateAction;
  game_.hold(terminate ? 0 : static_cast<game::KeyMask>(keys));
  for (int i = 0; i < options_.reward.frames_per_step; ++i) game_.update();
  observe(observation);

  const double distance = distance_of(game_);
  const bool over = game_.status().ended || distance < kShortestDistance ||
                    distance > kLongestDistance;
  success_ = over && distance > kFinishDistance;
  const auto now = progress();
  double reward = first_step_ ? first_step_reward(options_.reward, now)
                              : step_reward(options_.reward, now, before_);
  if (over) reward += end_reward(options_.reward, success_);
  before_ = now;
  first_step_ = false;
  return {reward, over || terminate};
}

Progress Episode::progress() const {
  return {static_cast<float>(game_.score_time() / 10.0), static_cast<float>(distance_of(game_))};
}

void Episode::observe(std::span<float, kObservationSize> observation) const {
  float* out = observation.data();
  for (const int part : game::kReportedParts) {
    const auto& body = game_.body(part);
    observe_part(body.pose.centre.x, body.pose.centre.y, body.pose.angle, body.velocity.linear.x,
                 body.velocity.linear.y, out);
    out += kValuesPerPart;
  }
}

}  // namespace qwop::env
