// The draws, and each operation on floats, are those of the NumPy code that this replaces.
#include "rollout/speed_games.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "env/observation.hpp"
#include "learner/check_size.hpp"
#include "rollout/numpy_sum.hpp"

namespace qwop::rollout {
namespace {

constexpr double kPaceShare = 0.002;     // of one step in the mean of the pace: some hundreds count
constexpr std::int64_t kRandomHold = 3;  // frames that keys at random are held for
constexpr int kWidth = env::kObservationSize;

template <class T>
void check_size(const char* name, const T& array, std::ptrdiff_t expected) {
  learner::check_size(name, static_cast<std::ptrdiff_t>(array.size()), expected);
}

void check_games(const std::vector<game::Game>& games, SinCosFlavor flavor) {
  if (std::ranges::any_of(games, [&](const auto& each) { return each.flavor() != flavor; })) {
    throw std::invalid_argument("a start's sincos flavor is not the pool's");
  }
}

}  // namespace

SpeedGames::SpeedGames(batch::GamePool& pool, const batch::PoolView& view, SnapshotBuckets& buckets,
                       std::vector<game::Game> lines, SpeedGamesOptions options)
    : pool_(pool),
      view_(view),
      buckets_(buckets),
      lines_(std::move(lines)),
      options_(std::move(options)) {
  if (lines_.empty()) throw std::invalid_argument("lines must hold a game or more");
  if (options_.action_keys.empty()) throw std::invalid_argument("there must be an action or more");
  if (options_.slow_steps < 1 || options_.frames_per_step < 1) {
    throw std::invalid_argument("frames_per_step and slow_steps must be 1 or more");
  }
  if (options_.random_frames < 1) throw std::invalid_argument("random_frames must be 1 or more");
  check_games(lines_, pool_.flavor());
  const auto count = static_cast<std::size_t>(size());
  state_.recent.resize(static_cast<std::size_t>(options_.slow_steps) * count);
  state_.steps.resize(count);
  state_.returns.resize(count);
  state_.from_line.resize(count);
  state_.time_cost = options_.time_cost;
  state_.pace = 0.0;
  keys_.resize(count);
  before_.resize(count);
  made_.resize(count);
  finished_.resize(count);
}

void SpeedGames::restore(SpeedGamesState state) {
  check_size("recent", state.recent, static_cast<std::ptrdiff_t>(state_.recent.size()));
  check_size("steps", state.steps, size());
  check_size("returns", state.returns, size());
  check_size("from_line", state.from_line, size());
  // Negative numbers of steps would be places before `recent`.
  if (std::ranges::any_of(state.steps, [](auto steps) { return steps < 0; })) {
    throw std::invalid_argument("steps must be 0 or more");
  }
  state_ = std::move(state);
}

void SpeedGames::reset(const BitGenerator& generator) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(size()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  start(generator, all);
}

EndedEpisodes SpeedGames::step(const BitGenerator& generator, std::span<const std::int64_t> actions,
                               const SpeedStep& out, support::Interrupt& interrupt) {
  check_size("observations", out.observations, std::ptrdiff_t{size()} * kWidth);
  check_size("rewards", out.rewards, size());
  check_size("dones", out.dones, size());
  press(actions);
  for (int game = 0; game < size(); ++game) before_[game] = torso_x(game);
  pool_.step(keys_, options_.frames_per_step, view_, interrupt);
  if (interrupt.stopped()) return {};
  reward(out);
  raise_time_cost();
  auto ended = end_episodes(out);
  if (!ended.games.empty()) start(generator, ended.games);
  keep_snapshots(generator);
  observe(out.observations);
  return ended;
}

void SpeedGames::press(std::span<const std::int64_t> actions) {
  check_size("actions", actions, size());
  const auto count = static_cast<std::int64_t>(options_.action_keys.size());
  if (std::ranges::any_of(actions, [&](auto a) { return a < 0 || a >= count; })) {
    throw std::invalid_argument("actions must be in 0.." + std::to_string(count - 1));
  }
  std::ranges::transform(actions, keys_.begin(),
                         [&](auto a) { return options_.action_keys[static_cast<std::size_t>(a)]; });
}

void SpeedGames::reward(const SpeedStep& out) {
  for (int game = 0; game < size(); ++game) {
    const bool landed = (view_.events[game] & game::events::kLanded) != 0;
    finished_[game] = landed && view_.score[game] >= game::kFinishScore;
    made_[game] = torso_x(game) - before_[game];
    const double pace = made_[game] / options_.frames_per_step;
    const double finish = (finished_[game] ? 1.0 : 0.0) * options_.finish_reward;
    const double reward = options_.reward_scale * (pace - state_.time_cost + finish);
    state_.returns[game] += reward;
    out.rewards[game] = static_cast<float>(reward);
  }
}

// Runners who have become faster are to be content with no less than before.
void SpeedGames::raise_time_cost() {
  const double pace = numpy_mean(made_) / options_.frames_per_step;
  state_.pace += kPaceShare * (pace - state_.pace);
  state_.time_cost = std::max(options_.time_cost, options_.time_cost_share * state_.pace);
}

bool SpeedGames::is_slow(int game, double now) {
  std::int64_t& steps = state_.steps[game];
  double& then = state_.recent[(steps % options_.slow_steps) * size() + game];
  const bool slow = steps >= options_.slow_steps && now - then < options_.slow_units;
  then = now;
  ++steps;
  return slow;
}

// Getting up again costs time. Where a fall costs nothing, falling pays better.
void SpeedGames::fail(int game, float& reward) {
  const double cost = options_.reward_scale * state_.time_cost * options_.fall_steps;
  state_.returns[game] -= cost;
  reward = static_cast<float>(reward - cost);
}

EndedEpisodes SpeedGames::end_episodes(const SpeedStep& out) {
  constexpr std::uint8_t kOver = game::events::kEnded | game::events::kFallen;
  EndedEpisodes ended;
  std::vector<double> deaths;
  for (int game = 0; game < size(); ++game) {
    const double now = torso_x(game);
    const bool slow = is_slow(game, now);
    out.dones[game] = (view_.events[game] & kOver) != 0 || slow;
    if (!out.dones[game]) continue;
    if (!finished_[game]) fail(game, out.rewards[game]);
    note_end(game, ended);
    if (!finished_[game]) deaths.push_back(now);
  }
  buckets_.died(deaths);
  return ended;
}

void SpeedGames::note_end(int game, EndedEpisodes& ended) const {
  ended.games.push_back(game);
  ended.steps.push_back(state_.steps[game]);
  ended.frames.push_back(view_.frames[game]);
  ended.distances.push_back(torso_x(game) / game::kUnitsPerMeter);
  ended.returns.push_back(state_.returns[game]);
  ended.finished.push_back(finished_[game]);
  ended.from_line.push_back(state_.from_line[game]);
  const std::size_t filled = ended.observations.size();
  ended.observations.resize(filled + kWidth);
  observe_game(game, ended.observations.data() + filled);
}

void SpeedGames::start(const BitGenerator& generator, std::span<const std::int64_t> games) {
  const std::size_t count = games.size();
  // Of each game the kind of its start, then which line.
  std::vector<double> random(2 * count);
  draw_uniform(generator, random);
  const auto line = [&](std::size_t row) {
    return &lines_[static_cast<std::size_t>(random[count + row] *
                                            static_cast<double>(lines_.size()))];
  };
  std::vector<const game::Game*> roots(count);
  std::vector<std::size_t> kept;
  for (std::size_t row = 0; row < count; ++row) {
    if (random[row] < options_.snapshot_starts) kept.push_back(row);
  }
  std::vector<const game::Game*> drawn(kept.size());
  buckets_.draw(generator, drawn);
  for (std::size_t i = 0; i < kept.size(); ++i) roots[kept[i]] = drawn[i];
  for (std::size_t row = 0; row < count; ++row) {
    const auto game = static_cast<std::size_t>(games[row]);
    state_.from_line[game] = !roots[row];
    state_.steps[game] = 0;
    state_.returns[game] = 0.0;
    const game::Game& root = roots[row] ? *roots[row] : *line(row);
    pool_.set(static_cast<int>(game), root, view_);
    press_at_random(generator, static_cast<int>(game), root);
  }
}

// Presses keys at random where the draw says so; a game that falls of them begins without. Where
// there are no such starts, nothing is drawn.
void SpeedGames::press_at_random(const BitGenerator& generator, int index, const game::Game& root) {
  const double share = options_.random_key_starts;
  if (share <= 0 || generator.next_double(generator.state) >= share) return;
  game::Game game = root;
  const std::int64_t frames = 1 + draw_integer(generator, options_.random_frames);
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    if (frame % kRandomHold == 0) {
      game.hold(static_cast<game::KeyMask>(draw_integer(generator, game::kAllKeys + 1)));
    }
    game.update();
    if (game.status().fallen || game.status().ended) return;
  }
  pool_.set(index, game, view_);
}

// A game already falling teaches nothing; one that lives has passed some steps since its start.
void SpeedGames::keep_snapshots(const BitGenerator& generator) {
  for (int game = 0; game < size(); ++game) before_[game] = generator.next_double(generator.state);
  for (int game = 0; game < size(); ++game) {
    if (!(before_[game] < options_.snapshot_chance)) continue;
    if ((view_.events[game] & game::events::kEnded) != 0) continue;
    if (state_.steps[game] <= options_.snapshot_after) continue;
    buckets_.add(generator, torso_x(game), pool_.game(game));
  }
}

void SpeedGames::observe(std::span<float> observations) const {
  check_size("observations", observations, std::ptrdiff_t{size()} * kWidth);
  for (int game = 0; game < size(); ++game) {
    observe_game(game, observations.data() + std::ptrdiff_t{game} * kWidth);
  }
}

void SpeedGames::observe_game(int game, float* out) const {
  const double* body = view_.bodies + static_cast<std::ptrdiff_t>(game) * batch::kPoolGameValues;
  for (int part = 0; part < game::kPartCount; ++part) {
    env::observe_part(body[0], body[1], body[2], body[3], body[4], out);
    body += batch::kPoolPartValues;
    out += env::kValuesPerPart;
  }
}

}  // namespace qwop::rollout
