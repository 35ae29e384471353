#include "env/episode.hpp"

#include <utility>

#include "game/snapshot.hpp"

namespace qwop::env {

game::Game loaded_page(const EpisodeOptions& options, support::Interrupt& interrupt) {
  game::Game game(options.flavor);
  game.click();
  for (int i = 0; i < options.reward.frames_per_step; ++i) {
    game.update();
    if (interrupt.stopped_after(i)) return game;
  }
  game.update(kEngineTick);
  return game;
}

void reset_game(game::Game& game, const EpisodeOptions& options, support::Interrupt& interrupt) {
  if (options.reload_on_reset) {
    const auto page = loaded_page(options, interrupt);
    if (interrupt.stopped()) return;
    game = page;
  }
  game.hold(0);
  game.reset();
  game.update(kEngineTick);
}

void play_noops(game::Game& game, const EpisodeOptions& options, Chance& chance,
                EpisodeTracker& tracker, support::Interrupt& interrupt) {
  const int frames = options.reward.frames_per_step;
  for (int left = chance.draw_up_to(options.chance.noop_max); left > 0; --left) {
    for (int i = 0; i < frames; ++i) game.update();
    if (interrupt.stopped()) return;
    if (!over(standing(game))) continue;
    reset_game(game, options, interrupt);
    return tracker.start();
  }
  tracker.start_at(standing(game));
}

game::Game game_to_start_at(std::string_view snapshot, const EpisodeOptions& options) {
  game::Game game(options.flavor);
  game::restore(game, snapshot);
  if (!game.started() || over(standing(game))) {
    throw game::SnapshotError("an episode cannot start at a game that is not under way");
  }
  return game;
}

void observe(const game::Game& game, std::span<float, kObservationSize> observation) {
  float* out = observation.data();
  for (const int part : game::kReportedParts) {
    const auto& body = game.body(part);
    observe_part(body.pose.center.x, body.pose.center.y, body.pose.angle, body.velocity.linear.x,
                 body.velocity.linear.y, out);
    out += kValuesPerPart;
  }
}

Episode::Episode(EpisodeOptions options, support::Interrupt& interrupt)
    : options_(std::move(options)), game_(loaded_page(options_, interrupt)) {}

void Episode::reset(std::span<float, kObservationSize> observation, bool reload,
                    support::Interrupt& interrupt) {
  if (options_.chance.noop_max > 0) {
    Episode next = *this;
    next.reset_with_noops(reload, interrupt);
    if (interrupt.stopped()) return;
    *this = std::move(next);
    return observe(game_, observation);
  }
  if (reload) {
    const auto page = loaded_page(options_, interrupt);
    if (interrupt.stopped()) return;
    game_ = page;
  }
  reset_game(game_, options_, interrupt);
  if (interrupt.stopped()) return;
  tracker_.start();
  observe(game_, observation);
}

void Episode::reset_with_noops(bool reload, support::Interrupt& interrupt) {
  if (reload) game_ = loaded_page(options_, interrupt);
  reset_game(game_, options_, interrupt);
  tracker_.start();
  play_noops(game_, options_, chance_, tracker_, interrupt);
}

void Episode::start_at(std::string_view snapshot, std::span<float, kObservationSize> observation) {
  game_ = game_to_start_at(snapshot, options_);
  tracker_.start_at(standing(game_));
  observe(game_, observation);
}

StepResult Episode::step(int action, std::span<float, kObservationSize> observation,
                         support::Interrupt& interrupt) {
  const double sticky = options_.chance.repeat_action_probability;
  const bool sticks = sticky > 0.0 && chance_.happens(sticky);
  const int keys = sticks ? game_.held_keys() : options_.action_keys[action];
  const bool terminate = keys == kTerminateAction;
  game_.hold(terminate ? 0 : static_cast<game::KeyMask>(keys));
  for (int i = 0; i < options_.reward.frames_per_step; ++i) {
    game_.update();
    if (interrupt.stopped_after(i)) return {};
  }
  observe(game_, observation);
  return tracker_.advance(options_.reward, standing(game_), terminate);
}

}  // namespace qwop::env
