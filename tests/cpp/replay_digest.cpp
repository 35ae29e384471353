// Replays recordings of the real game and compares the digest of every row with the browser's.
//
// Takes trace files or folders of them. Prints for each its name, how many rows were replayed and a
// digest over them; exits with 1 if a row differs, with 2 if a file cannot be read. Needs nothing
// but the engine and the C++ standard library, so that it can be tried on any platform.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "env/episode.hpp"
#include "game/row.hpp"
#include "support/blake2b.hpp"
#include "trace_file.hpp"

namespace {

using namespace qwop;
using tests::Trace;

template <class T>
std::uint64_t digest_of(const T& row) {
  return support::blake2b_64({reinterpret_cast<const char*>(&row), sizeof row});
}

// A word of a tape, such as QO*4, as its name and its count.
struct Word {
  std::string name;
  long count = 1;
};
std::vector<Word> words_of(const std::string& tape) {
  std::vector<Word> words;
  std::istringstream stream(tape);
  for (std::string text; stream >> text;) {
    const auto star = text.find('*');
    const long count = star == std::string::npos ? 1 : std::stol(text.substr(star + 1));
    words.push_back({text.substr(0, star), count});
  }
  return words;
}

game::KeyMask keys_of(const std::string& name) {
  constexpr std::string_view kKeys = "QWOP";
  int mask = 0;
  for (const char key : name) {
    const auto bit = kKeys.find(key);
    if (bit != kKeys.npos) mask |= 1 << bit;
    if (bit == kKeys.npos && key != '-')
      throw std::runtime_error("'" + name + "' is not a word of a tape");
  }
  return static_cast<game::KeyMask>(mask);
}

// ---- the game -----------------------------------------------------------------------------------

std::vector<std::uint64_t> replay_game(const Trace& trace) {
  game::Game game(parse_sincos_flavor(trace.entry("sincos")));
  std::vector<std::uint64_t> digests;
  const auto look = [&] { digests.push_back(digest_of(game::row_of(game))); };
  for (const auto& [name, count] : words_of(trace.tape)) {
    if (name == "idle") {
      for (long i = 0; i < count; ++i) game.update();
    } else if (name == "release") {
      game.hold(0);
    } else if (name == "click") {
      game.click(), look();
    } else if (name == "reset") {
      game.reset(), look();
    } else if (name == "tick") {
      game.update(env::kEngineTick), look();
    } else {
      game.hold(keys_of(name));
      for (long i = 0; i < count; ++i) game.update(), look();
    }
  }
  return digests;
}

// ---- the environment ----------------------------------------------------------------------------

// ENV_ROW in qwop_native.
struct __attribute__((packed)) EnvRow {
  float observation[env::kObservationSize];
  double reward;
  float time, distance, speed;
  std::uint8_t terminated, is_success;
};
static_assert(sizeof(EnvRow) == 262);

// ACTION_SETS in qwop_native.
std::vector<int> action_keys(const Trace& trace) {
  const bool reduced = trace.entry("reduced_action_set") == "true";
  const auto set = trace.entry("action_set", reduced ? "reduced" : "full");
  std::vector<int> keys{0, 1, 2, 4, 8, 3, 5, 9, 6, 10, 12, 7, 11, 13, 14, 15};
  if (set == "reduced") keys = {0, 1, 2, 4, 8, 3, 9, 6, 12};
  if (set == "essential") keys = {0, 1, 2, 4, 8, 5, 9, 6, 10};
  if (trace.entry("t_for_terminate") == "true") keys.push_back(env::kTerminateAction);
  return keys;
}

env::EpisodeOptions options_of(const Trace& trace) {
  env::EpisodeOptions options;
  options.flavor = parse_sincos_flavor(trace.entry("sincos"));
  options.action_keys = action_keys(trace);
  options.reload_on_reset = trace.entry("reload_on_reset") == "true";
  auto& reward = options.reward;
  const auto number = [&](const char* name, float& to) {
    if (trace.header.contains(name)) to = std::stof(trace.entry(name));
  };
  number("failure_cost", reward.failure_cost);
  number("success_reward", reward.success_reward);
  number("time_cost_mult", reward.time_cost_mult);
  number("speed_rew_mult", reward.speed_rew_mult);
  reward.frames_per_step = std::stoi(trace.entry("frames_per_step", "1"));
  return options;
}

std::vector<std::uint64_t> replay_env(const Trace& trace) {
  env::Episode episode(options_of(trace));
  std::vector<std::uint64_t> digests;
  std::array<float, env::kObservationSize> observation;
  const auto look = [&](env::StepResult result) {
    EnvRow row;
    const auto progress = episode.progress();
    std::memcpy(row.observation, observation.data(), sizeof row.observation);
    row.reward = result.reward;
    row.time = progress.time;
    row.distance = progress.distance;
    row.speed = progress.distance / progress.time;
    row.terminated = result.terminated;
    row.is_success = episode.is_success();
    digests.push_back(digest_of(row));
  };
  for (const auto& [name, count] : words_of(trace.tape)) {
    if (name == "reset") {
      episode.reset(observation);
      look({0.0, false});
      continue;
    }
    const auto action = static_cast<std::size_t>(std::stoul(name));
    if (action >= episode.options().action_keys.size()) {
      throw std::runtime_error("action " + name + " is not in the action set");
    }
    for (long i = 0; i < count; ++i) look(episode.step(static_cast<int>(action), observation));
  }
  return digests;
}

// ---- the program --------------------------------------------------------------------------------

// Whether every row is the browser's.
bool replay(const std::filesystem::path& path) {
  const Trace trace = tests::read_trace(path);
  const auto found = trace.entry("kind") == "env" ? replay_env(trace) : replay_game(trace);
  const auto all = support::blake2b_64(
      {reinterpret_cast<const char*>(found.data()), found.size() * sizeof found[0]});
  std::printf("%s: %zu rows, %016llx\n", path.filename().string().c_str(), found.size(),
              static_cast<unsigned long long>(all));
  if (found == trace.digests) return true;
  const auto pair =
      std::mismatch(found.begin(), found.end(), trace.digests.begin(), trace.digests.end());
  std::printf("  row %td of %zu is the first with other bits\n", pair.first - found.begin(),
              trace.digests.size());
  return false;
}

std::vector<std::filesystem::path> traces_in(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".trace") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

int run(int count, char** names) {
  int replayed = 0, different = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& path : traces_in(names[i])) {
      ++replayed;
      different += replay(path) ? 0 : 1;
    }
  }
  if (replayed == 0) throw std::runtime_error("usage: replay_digest TRACE_FILE_OR_FOLDER...");
  std::printf("%d of %d traces differ from the browser's\n", different, replayed);
  return different == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
