#include "batch/batch_engine.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "game/snapshot.hpp"

namespace qwop::batch {
EpisodeColumns::EpisodeColumns(int games)
    : time(games),
      distance(games),
      avgspeed(games),
      is_success(games),
      frames(games),
      episode_return(games),
      episode_length(games) {}

BatchEngine::BatchEngine(BatchOptions options, support::Interrupt& interrupt)
    : options_(std::move(options)),
      restart_(env::loaded_page(options_.episode, interrupt), options_.episode),
      block_size_(block_size()),
      memory_(block_bytes(options_.instruction_set) *
              static_cast<std::size_t>((options_.games + block_size_ - 1) / block_size_)),
      episodes_(static_cast<std::size_t>(options_.games)),
      chances_(options_.episode.chance.any() ? episodes_.size() : 0),
      columns_(options_.games),
      final_columns_(options_.games),
      final_observations_(static_cast<std::size_t>(options_.games) * env::kObservationSize),
      pool_(options_.threads, options_.cores) {
  const auto first = env::loaded_page(options_.episode, interrupt);
  for (int begin = 0; begin < options_.games; begin += block_size_) {
    const int games = std::min(block_size_, options_.games - begin);
    blocks_.push_back(make_block(options_.instruction_set, first, games, &memory_));
  }
}

std::span<float, env::kObservationSize> BatchEngine::row(float* observations, int game) const {
  return std::span<float, env::kObservationSize>(
      observations + static_cast<std::ptrdiff_t>(game) * env::kObservationSize,
      env::kObservationSize);
}

void BatchEngine::reset(float* observations, const bool* mask, bool reload,
                        support::Interrupt& interrupt) {
  const auto reset_block = [&](int block) {
    const int begin = block * block_size_;
    const int end = std::min(begin + block_size_, options_.games);
    for (int game = begin; game < end; ++game) {
      if (mask != nullptr && !mask[game]) continue;
      restart(game, observations, reload, interrupt);
      fill_columns(columns_, game);
    }
  };
  pool_.run(block_count(), reset_block, &interrupt);
}

void BatchEngine::restart(int index, float* observations, bool reload,
                          support::Interrupt& interrupt) {
  auto& block = block_of(index);
  const int lane = lane_of(index);
  auto& game = block.game(lane);
  episodes_[index] = {};
  if (interrupt.stopped()) return;
  if (reload) {
    const auto page = env::loaded_page(options_.episode, interrupt);
    if (interrupt.stopped()) return;
    game = page;
  }
  restart_.reset(game, interrupt);
  if (options_.episode.chance.noop_max > 0) {
    env::play_noops(game, options_.episode, chances_[index].draws, episodes_[index].tracker,
                    interrupt);
  }
  if (interrupt.stopped()) return;
  if (has_chance()) chances_[index].held = 0;
  episodes_[index].phase = Phase::Running;
  block.observe(lane, row(observations, index));
}

void BatchEngine::require_idle() const {
  if (under_way_ > 0) throw UnderWayError();
}

void BatchEngine::require_ready() const {
  require_idle();
  require_ready(0, options_.games);
}

void BatchEngine::require_ready(int block) const {
  const int begin = block * block_size_;
  require_ready(begin, std::min(begin + block_size_, options_.games));
}

void BatchEngine::require_ready(int begin, int end) const {
  for (int game = begin; game < end; ++game) {
    const auto phase = episodes_[game].phase;
    const bool over = phase == Phase::Ended && options_.autoreset == Autoreset::Disabled;
    if (phase == Phase::NeedsReset || over) throw NotResetError(game);
  }
}

void BatchEngine::step(const std::int64_t* actions, const StepOutput& out,
                       support::Interrupt& interrupt) {
  pool_.run(
      block_count(), [&](int block) { step_block(block, actions, out, interrupt); }, &interrupt);
}

void BatchEngine::step_block(int index, const std::int64_t* actions, const StepOutput& out,
                             support::Interrupt& interrupt) {
  auto& block = *blocks_[index];
  const int begin = index * block_size_;
  const int count = std::min(block_size_, options_.games - begin);
  std::array<game::KeyMask, kLargestBlock> keys{};
  std::array<bool, kLargestBlock> terminate{};
  std::uint64_t active = 0;
  for (int lane = 0; lane < count; ++lane) {
    if (episodes_[begin + lane].phase == Phase::Ended) continue;  // restarts below instead
    active |= std::uint64_t{1} << lane;
    const int mask = options_.episode.action_keys[static_cast<std::size_t>(actions[begin + lane])];
    terminate[lane] = mask == env::kTerminateAction;
    keys[lane] = terminate[lane] ? game::KeyMask{0} : static_cast<game::KeyMask>(mask);
  }
  if (has_chance()) stick(begin, count, active, keys.data(), terminate.data());
  const int frames = options_.episode.reward.frames_per_step;
  const int following = index + pool_.threads();  // probably this thread's next block
  const auto* next = following < block_count() ? blocks_[following].get() : nullptr;
  for (int frame = 0; frame < frames; ++frame) {
    block.look_ahead(next, frame, frames);
    block.update(std::span(keys.data(), static_cast<std::size_t>(count)), active);
    if (interrupt.stopped_after(frame)) break;
  }
  if (interrupt.stopped()) {
    for (int lane = 0; lane < count; ++lane) episodes_[begin + lane] = {};  // must be reset
    return;
  }
  for (int lane = 0; lane < count; ++lane) {
    finish_step(begin + lane, terminate[lane], out, interrupt);
  }
}

void BatchEngine::stick(int begin, int count, std::uint64_t active, game::KeyMask* keys,
                        bool* terminate) {
  const double probability = options_.episode.chance.repeat_action_probability;
  for (int lane = 0; lane < count; ++lane) {
    auto& chance = chances_[begin + lane];
    if ((active >> lane & 1) == 0) continue;
    if (probability > 0.0 && chance.draws.happens(probability)) {
      keys[lane] = chance.held;
      terminate[lane] = false;
    }
    chance.held = keys[lane];
  }
}

void BatchEngine::finish_step(int game, bool terminate_action, const StepOutput& out,
                              support::Interrupt& interrupt) {
  auto& episode = episodes_[game];
  out.terminated[game] = out.truncated[game] = false;
  if (episode.phase == Phase::Ended) {
    out.rewards[game] = 0.0;
    restart(game, out.observations, false, interrupt);
    fill_columns(columns_, game);
    return;
  }
  auto& block = block_of(game);
  const int lane = lane_of(game);
  const auto result =
      episode.tracker.advance(options_.episode.reward, block.standing(lane), terminate_action);
  episode.episode_return += result.reward;
  ++episode.episode_length;
  const bool late =
      options_.max_episode_steps > 0 && episode.episode_length >= options_.max_episode_steps;
  out.rewards[game] = result.reward;
  out.terminated[game] = result.terminated;
  out.truncated[game] = late;
  block.observe(lane, row(out.observations, game));
  fill_columns(columns_, game);
  if (!result.terminated && !late) return;

  episode.phase = Phase::Ended;
  fill_columns(final_columns_, game);
  const auto last = row(out.observations, game);
  std::copy(last.begin(), last.end(), row(final_observations_.data(), game).begin());
  if (options_.autoreset == Autoreset::SameStep) {
    restart(game, out.observations, false, interrupt);
    fill_columns(columns_, game);
  }
}

void BatchEngine::fill_columns(EpisodeColumns& columns, int game) {
  const auto& episode = episodes_[game];
  const auto& block = block_of(game);
  const auto progress = block.standing(lane_of(game)).progress();
  columns.time[game] = progress.time;
  columns.distance[game] = progress.distance;
  columns.avgspeed[game] = progress.distance / progress.time;
  columns.is_success[game] = episode.tracker.success() ? 1 : 0;
  columns.frames[game] = block.frames(lane_of(game));
  columns.episode_return[game] = episode.episode_return;
  columns.episode_length[game] = episode.episode_length;
}

void BatchEngine::copy_game(int from, int to) {
  block_of(to).game(lane_of(to)) = block_of(from).game(lane_of(from));
  episodes_[to] = episodes_[from];
  if (has_chance()) chances_[to] = chances_[from];
  fill_columns(columns_, to);
}

void BatchEngine::seed(int game, std::uint64_t seed) {
  if (has_chance()) chances_[game].draws = env::Chance(seed);
}

}  // namespace qwop::batch
