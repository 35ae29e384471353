// A game of the batch with its episode as bytes: the game's own snapshot, then the episode, then
// its chance where it has any.
#include <cmath>
#include <cstring>
#include <optional>
#include <type_traits>

#include "batch/batch_engine.hpp"
#include "game/snapshot.hpp"

namespace qwop::batch {
namespace {

struct Append {
  std::string& bytes;
  template <class T>
  void operator()(const T& value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
};

struct Take {
  std::string_view bytes;
  template <class T>
  void operator()(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    if constexpr (std::is_same_v<T, bool>) {
      value = bytes[0] != 0;
    } else {
      std::memcpy(&value, bytes.data(), sizeof value);
    }
    bytes.remove_prefix(sizeof value);
  }
};

// Tracker (time, distance, two flags), return, length, phase.
constexpr std::size_t kEpisodeSize = 4 + 4 + 1 + 1 + 8 + 8 + 1;
constexpr std::size_t kChecksumSize = 8;
// Where there is chance: the state of its draws, and a mark that the last byte of an episode, its
// phase, never is. The keys held last are the game's.
constexpr std::size_t kChanceSize = 8 + 1;
constexpr std::uint8_t kChanceMark = 0xc1;

// The state of a snapshot's draws, which is taken off its bytes; none where there is none.
std::optional<std::uint64_t> take_chance(std::string_view& bytes) {
  if (bytes.size() < kChanceSize || static_cast<std::uint8_t>(bytes.back()) != kChanceMark) {
    return std::nullopt;
  }
  std::uint64_t state;
  Take{bytes.substr(bytes.size() - kChanceSize)}(state);
  bytes.remove_suffix(kChanceSize);
  return state;
}

}  // namespace

std::string BatchEngine::snapshot(int game) {
  auto bytes = game::snapshot(block_of(game).game(lane_of(game)));
  auto& episode = episodes_[game];
  Append append{bytes};
  episode.tracker.serialize(append);
  append(episode.episode_return), append(episode.episode_length);
  append(static_cast<std::uint8_t>(episode.phase));
  if (has_chance()) append(chances_[game].draws.state()), append(kChanceMark);
  append(game::checksum(bytes));
  return bytes;
}

void BatchEngine::restore(int game, std::string_view bytes) {
  std::uint64_t stored = 0;
  if (bytes.size() >= kEpisodeSize + kChecksumSize) {
    Take{bytes.substr(bytes.size() - kChecksumSize)}(stored);
    bytes.remove_suffix(kChecksumSize);
  }
  if (bytes.size() < kEpisodeSize || stored != game::checksum(bytes)) {
    throw game::SnapshotError("not a snapshot of one game of a batch, or a damaged one");
  }
  const auto chance = take_chance(bytes);
  if (chance.has_value() != has_chance() || bytes.size() < kEpisodeSize) {
    throw game::SnapshotError(std::string("snapshot was taken ") +
                              (has_chance() ? "without" : "with") +
                              " noop_max or repeat_action_probability, this environment has " +
                              (has_chance() ? "one of them" : "neither"));
  }
  game::Game restored(options_.episode.flavor);
  game::restore(restored, bytes.substr(0, bytes.size() - kEpisodeSize));
  EpisodeState episode;
  Take take{bytes.substr(bytes.size() - kEpisodeSize)};
  std::uint8_t phase;
  episode.tracker.serialize(take);
  take(episode.episode_return), take(episode.episode_length), take(phase);
  if (phase > static_cast<std::uint8_t>(Phase::Ended) || episode.episode_length < 0 ||
      !std::isfinite(episode.episode_return)) {
    throw game::SnapshotError("snapshot is damaged: it does not describe an episode");
  }
  episode.phase = static_cast<Phase>(phase);
  block_of(game).game(lane_of(game)) = restored;
  episodes_[game] = episode;
  if (chance) {
    chances_[game].draws.set_state(*chance);
    chances_[game].held = restored.held_keys();
  }
  fill_columns(columns_, game);
}

void BatchEngine::start_at(int game, std::string_view game_snapshot, float* observation,
                           bool from_reset) {
  auto& block = block_of(game);
  const int lane = lane_of(game);
  block.game(lane) = env::game_to_start_at(game_snapshot, options_.episode);
  episodes_[game] = {};
  if (!from_reset) episodes_[game].tracker.start_at(block.standing(lane));
  episodes_[game].phase = Phase::Running;
  if (has_chance()) chances_[game].held = block.game(lane).held_keys();
  block.observe(lane, std::span<float, env::kObservationSize>(observation, env::kObservationSize));
  fill_columns(columns_, game);
}

}  // namespace qwop::batch
