// The batch engine and the pool of games with several threads against one, above all for the thread
// sanitizer. Exits with 1 if a result differs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <vector>

#include "batch/async_steps.hpp"
#include "batch/batch_engine.hpp"
#include "batch/game_pool.hpp"
#include "env/episode.hpp"

namespace {

using namespace qwop;

constexpr int kGames = 40;  // two blocks and a half
constexpr int kThreads = 4;
constexpr int kSteps = 45;  // most runners fall and are restarted within them
constexpr int kFrames = 4;

env::EpisodeOptions episode_options() {
  env::EpisodeOptions options;
  options.action_keys = {0, 1, 2, 4, 8, 3, 9, 6, 12};
  options.reward.frames_per_step = kFrames;
  return options;
}

int action(int game, int step) { return (game * 7 + step * 5 + game * step) % 9; }

batch::BatchOptions batch_options(int threads, batch::Autoreset autoreset,
                                  support::InstructionSet instruction_set) {
  batch::BatchOptions options;
  options.episode = episode_options();
  options.games = kGames;
  options.threads = threads;
  options.autoreset = autoreset;
  options.instruction_set = instruction_set;
  return options;
}

// Everything a run of the engine gives, in one row.
std::vector<double> engine_results(int threads, batch::Autoreset autoreset,
                                   support::InstructionSet instruction_set) {
  batch::BatchEngine engine(batch_options(threads, autoreset, instruction_set));
  std::vector<float> observations(std::size_t{kGames} * env::kObservationSize);
  std::vector<double> rewards(kGames);
  const auto terminated = std::make_unique<bool[]>(kGames);
  const auto truncated = std::make_unique<bool[]>(kGames);
  std::vector<std::int64_t> actions(kGames);
  std::vector<double> results;
  engine.reset(observations.data(), nullptr, false);
  for (int step = 0; step < kSteps; ++step) {
    for (int game = 0; game < kGames; ++game) actions[game] = action(game, step);
    engine.step(actions.data(),
                {observations.data(), rewards.data(), terminated.get(), truncated.get()});
    results.insert(results.end(), observations.begin(), observations.end());
    results.insert(results.end(), rewards.begin(), rewards.end());
  }
  return results;
}

// The last observations and rewards of the same run, blocks sent and received as they are done.
std::vector<double> async_results(batch::Autoreset autoreset,
                                  support::InstructionSet instruction_set) {
  batch::BatchEngine engine(batch_options(kThreads, autoreset, instruction_set));
  std::vector<float> observations(std::size_t{kGames} * env::kObservationSize);
  std::vector<double> rewards(kGames);
  const auto terminated = std::make_unique<bool[]>(kGames);
  const auto truncated = std::make_unique<bool[]>(kGames);
  std::vector<std::int64_t> actions(kGames);
  engine.reset(observations.data(), nullptr, false);
  batch::AsyncSteps steps(engine, actions.data(),
                          {observations.data(), rewards.data(), terminated.get(), truncated.get()},
                          kThreads, {});
  std::vector<int> done(static_cast<std::size_t>(engine.block_count()));
  const auto send = [&](int block) {
    const int begin = block * engine.games_per_block();
    for (int game = begin; game < std::min(begin + engine.games_per_block(), kGames); ++game) {
      actions[game] = action(game, done[block]);
    }
    steps.send(std::vector{block});
  };
  for (int block = 0; block < engine.block_count(); ++block) send(block);
  while (steps.under_way() > 0) {
    for (const int block : steps.receive(1, support::Interrupt::none())) {
      if (++done[block] < kSteps) send(block);
    }
  }
  std::vector<double> results(observations.begin(), observations.end());
  results.insert(results.end(), rewards.begin(), rewards.end());
  return results;
}

// Generations of games, each grown from the one before, as a search does it.
std::vector<double> pool_results(int threads, support::InstructionSet instruction_set) {
  game::Game first = env::loaded_page(episode_options());
  batch::GamePool even(first, kGames, threads, instruction_set);
  batch::GamePool odd(first, kGames, threads, instruction_set);
  std::vector<double> bodies(std::size_t{kGames} * batch::kPoolGameValues), score(kGames), results;
  std::vector<std::uint8_t> events(kGames);
  std::vector<std::int32_t> frames(kGames), parents(kGames);
  std::vector<game::KeyMask> keys(kGames);
  for (int step = 0; step < kSteps / 2; ++step) {
    for (int game = 0; game < kGames; ++game) {
      parents[game] = (game * 5 + step) % kGames;
      keys[game] = static_cast<game::KeyMask>(episode_options().action_keys[action(game, step)]);
    }
    auto& from = step % 2 == 0 ? even : odd;
    auto& to = step % 2 == 0 ? odd : even;
    to.expand(from, parents, keys, kFrames,
              {bodies.data(), events.data(), frames.data(), score.data()});
    results.insert(results.end(), bodies.begin(), bodies.end());
  }
  return results;
}

int failures = 0;

void expect_equal(const char* what, const std::vector<double>& a, const std::vector<double>& b) {
  if (a == b) return;
  std::printf("%s differs between one thread and %d\n", what, kThreads);
  ++failures;
}

}  // namespace

int main() {
  for (const auto& set : support::available_sets()) {
    for (const auto mode : {batch::Autoreset::NextStep, batch::Autoreset::SameStep}) {
      const auto alone = engine_results(1, mode, set);
      expect_equal("BatchEngine", alone, engine_results(kThreads, mode, set));
      const auto last = async_results(mode, set);
      expect_equal("AsyncSteps", {alone.end() - std::ssize(last), alone.end()}, last);
    }
    expect_equal("GamePool", pool_results(1, set), pool_results(kThreads, set));
  }
  std::printf("%d failures\n", failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
