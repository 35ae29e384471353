#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "batch/batch_engine.hpp"
#include "bindings/arrays.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/instruction_sets.hpp"
#include "bindings/long_calls.hpp"
#include "support/cpu.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using batch::Autoreset;
using batch::BatchEngine;

Autoreset parse_autoreset(const std::string& name) {
  if (name == "next_step") return Autoreset::NextStep;
  if (name == "same_step") return Autoreset::SameStep;
  if (name == "disabled") return Autoreset::Disabled;
  throw py::value_error("autoreset must be 'next_step', 'same_step' or 'disabled', not '" + name +
                        "'");
}

std::unique_ptr<BatchEngine> make_engine(const env::EpisodeOptions& episode, py::ssize_t num_envs,
                                         py::ssize_t num_threads, std::int64_t max_episode_steps,
                                         const std::string& autoreset,
                                         const std::string& instruction_set,
                                         std::vector<int> cores) {
  constexpr py::ssize_t kMostGames = 1'000'000;
  constexpr py::ssize_t kMostThreads = 1024;
  if (num_envs < 1 || num_envs > kMostGames) {
    throw py::value_error("num_envs must be in 1..1000000, got " + std::to_string(num_envs));
  }
  if (num_threads < 0 || num_threads > kMostThreads) {
    throw py::value_error("num_threads must be in 0..1024, got " + std::to_string(num_threads));
  }
  if (max_episode_steps < 0) {
    throw py::value_error("max_episode_steps must be 0 (no limit) or more, got " +
                          std::to_string(max_episode_steps));
  }
  batch::BatchOptions options;
  options.episode = episode;
  options.games = static_cast<int>(num_envs);
  options.threads = num_threads == 0 ? support::usable_cores() : static_cast<int>(num_threads);
  options.cores = std::move(cores);
  options.max_episode_steps = max_episode_steps;
  options.autoreset = parse_autoreset(autoreset);
  options.instruction_set = support::choose_instruction_set(instruction_set);
  return without_lock([&](auto& interrupt) {
    return std::make_unique<BatchEngine>(std::move(options), interrupt);
  });
}

template <class T>
void check_shape(const Array<T>& array, const BatchEngine& engine, const char* name, int columns) {
  const auto games = static_cast<py::ssize_t>(engine.options().games);
  const bool shaped =
      columns == 0 ? array.ndim() == 1 && array.shape(0) == games
                   : array.ndim() == 2 && array.shape(0) == games && array.shape(1) == columns;
  if (shaped) return;
  throw py::value_error(std::string(name) + " must have shape (" + std::to_string(games) +
                        (columns == 0 ? ",)" : ", " + std::to_string(columns) + ")"));
}

template <class T>
const T* input(const Array<T>& array, const BatchEngine& engine, const char* name) {
  check_shape(array, engine, name, 0);
  return array.data();
}

template <class T>
T* output(Array<T>& array, const BatchEngine& engine, const char* name, int columns = 0) {
  check_shape(array, engine, name, columns);
  return array.mutable_data();
}

// Games are moved without the interpreter's lock, so threads that share an engine take turns by the
// engine's own, which is only waited for without the interpreter's (without_lock). None gets one
// while games are under way in AsyncSteps.
class Turn {
 public:
  explicit Turn(BatchEngine& engine) : lock_(engine.mutex()) { engine.require_idle(); }

 private:
  std::lock_guard<support::Turns> lock_;
};

void reset(BatchEngine& engine, Array<float> obs, const std::optional<Array<bool>>& mask,
           bool reload) {
  auto* observations = output(obs, engine, "obs", env::kObservationSize);
  const bool* chosen = mask ? input(*mask, engine, "mask") : nullptr;
  without_lock([&](auto& interrupt) {
    const Turn turn(engine);
    engine.reset(observations, chosen, reload, interrupt);
  });
}

void step(BatchEngine& engine, const Array<std::int64_t>& actions, Array<float> obs,
          Array<double> rewards, Array<bool> terminated, Array<bool> truncated) {
  const auto* chosen = input(actions, engine, "actions");
  const batch::StepOutput out{
      output(obs, engine, "obs", env::kObservationSize), output(rewards, engine, "rewards"),
      output(terminated, engine, "terminated"), output(truncated, engine, "truncated")};
  const auto count = static_cast<std::int64_t>(engine.options().episode.action_keys.size());
  for (int i = 0; i < engine.options().games; ++i) {
    if (chosen[i] >= 0 && chosen[i] < count) continue;
    throw py::value_error("actions must be in 0.." + std::to_string(count - 1) + ", got " +
                          std::to_string(chosen[i]) + " for game " + std::to_string(i));
  }
  without_lock([&](auto& interrupt) {
    const Turn turn(engine);
    engine.require_ready();
    engine.step(chosen, out, interrupt);
  });
}

void seed(BatchEngine& engine, const Array<std::uint64_t>& seeds,
          const std::optional<Array<bool>>& mask) {
  const auto* given = input(seeds, engine, "seeds");
  const bool* chosen = mask ? input(*mask, engine, "mask") : nullptr;
  without_lock([&](auto&) {
    const Turn turn(engine);
    for (int game = 0; game < engine.options().games; ++game) {
      if (chosen == nullptr || chosen[game]) engine.seed(game, given[game]);
    }
  });
}

int checked_game(const BatchEngine& engine, py::ssize_t game) {
  if (game >= 0 && game < engine.options().games) return static_cast<int>(game);
  throw py::index_error("game must be in 0.." + std::to_string(engine.options().games - 1) +
                        ", got " + std::to_string(game));
}

void start_at(BatchEngine& engine, py::ssize_t game, const py::bytes& snapshot, Array<float> obs,
              bool from_reset) {
  if (obs.ndim() != 1 || obs.shape(0) != env::kObservationSize) {
    throw py::value_error("obs must have shape (60,)");
  }
  auto* observation = obs.mutable_data();
  const std::string_view bytes(snapshot);
  without_lock([&](auto&) {
    const Turn turn(engine);
    engine.start_at(checked_game(engine, game), bytes, observation, from_reset);
  });
}

// A view of the engine's own memory; the engine lives as long as the view.
template <class Shown, class T>
py::array_t<Shown> view(std::vector<T>& column, py::handle owner, py::ssize_t width = 0) {
  static_assert(sizeof(Shown) == sizeof(T));
  const auto rows = static_cast<py::ssize_t>(column.size());
  std::vector<py::ssize_t> shape{rows};
  if (width > 0) shape = {rows / width, width};
  return py::array_t<Shown>(shape, reinterpret_cast<Shown*>(column.data()), owner);
}

// Built here because a step leaves Python's own code and data cold: a dozen small NumPy calls then
// take as long as 60 frames of the game.
py::dict infos(BatchEngine& engine, bool final, const std::optional<Array<bool>>& mask) {
  const auto& columns = final ? engine.final_columns() : engine.columns();
  const int games = engine.options().games;
  py::array_t<bool> chosen(games);
  if (mask) {
    std::copy_n(input(*mask, engine, "mask"), games, chosen.mutable_data());
  } else {
    std::fill_n(chosen.mutable_data(), games, true);
  }
  const bool* has = chosen.data();
  py::dict values;
  const auto add = [&](const std::string& name, const auto& column, auto shown) {
    using Shown = decltype(shown(column[0]));
    py::array_t<Shown> array(games);
    Shown* out = array.mutable_data();
    for (int game = 0; game < games; ++game) out[game] = has[game] ? shown(column[game]) : Shown{};
    values[name.c_str()] = array;
    values[("_" + name).c_str()] = py::array_t<bool>(games, has);
  };
  const auto same = [](auto value) { return value; };
  add("time", columns.time, same);
  add("distance", columns.distance, same);
  add("avgspeed", columns.avgspeed, same);
  add("is_success", columns.is_success, [](std::uint8_t each) { return each != 0; });
  add("frames", columns.frames, same);
  add("time_s", columns.frames,
      [](std::int64_t frames) { return static_cast<double>(frames) / game::kFramesPerSecond; });
  return values;
}

template <class Columns>
void bind_columns(EngineClass<BatchEngine>& cls, const std::string& prefix, Columns columns) {
  const auto add = [&](const std::string& name, auto member, auto shown) {
    using Shown = decltype(shown);
    cls.def_property_readonly((prefix + name).c_str(), [columns, member](py::object self) {
      return view<Shown>(columns(self.cast<BatchEngine&>()).*member, self);
    });
  };
  using batch::EpisodeColumns;
  add("time", &EpisodeColumns::time, float{});
  add("distance", &EpisodeColumns::distance, float{});
  add("avgspeed", &EpisodeColumns::avgspeed, float{});
  add("is_success", &EpisodeColumns::is_success, bool{});
  add("frames", &EpisodeColumns::frames, std::int64_t{});
  const bool ended = prefix == "final_";
  add(ended ? "return" : "episode_return", &EpisodeColumns::episode_return, double{});
  add(ended ? "length" : "episode_length", &EpisodeColumns::episode_length, std::int64_t{});
}

}  // namespace

void bind_batch(py::module_& module) {
  define(
      module, "instruction_sets",
      [] { return instruction_set_names(support::InstructionSet::kScalar); },
      "Instruction sets that batches can use on this processor, slowest first.");
  define(module, "usable_cores", &support::usable_cores,
         "Cores this process may use, by its affinity and its container's quota.");
  py::register_exception<batch::NotResetError>(module, "NotResetError", PyExc_ValueError);
  EngineClass<BatchEngine> cls(module, "BatchEngine",
                               "The core of QwopVectorEnv: many episodes side by side.");
  using py::arg;
  cls.def(py::init(&make_engine), arg("episode"), py::kw_only(), arg("num_envs"),
          arg("num_threads"), arg("max_episode_steps"), arg("autoreset"),
          arg("instruction_set") = "", arg("cores") = std::vector<int>())
      .def("reset", &reset, arg("obs").noconvert(), py::kw_only(),
           arg("mask").noconvert() = py::none(), arg("reload") = false)
      .def("seed", &seed, arg("seeds").noconvert(), py::kw_only(),
           arg("mask").noconvert() = py::none(),
           "Where the draws of noop_max and repeat_action_probability begin.")
      .def("step", &step, arg("actions").noconvert(), py::kw_only(), arg("obs").noconvert(),
           arg("rewards").noconvert(), arg("terminated").noconvert(), arg("truncated").noconvert())
      .def(
          "snapshot",
          [](BatchEngine& e, py::ssize_t game) {
            return py::bytes(without_lock([&](auto&) {
              const Turn turn(e);
              return e.snapshot(checked_game(e, game));
            }));
          },
          arg("game"))
      .def(
          "restore",
          [](BatchEngine& e, py::ssize_t game, const py::bytes& snapshot) {
            const std::string_view bytes(snapshot);
            without_lock([&](auto&) {
              const Turn turn(e);
              e.restore(checked_game(e, game), bytes);
            });
          },
          arg("game"), arg("snapshot"))
      .def("start_at", &start_at, arg("game"), arg("snapshot"), arg("obs").noconvert(),
           py::kw_only(), arg("from_reset") = false,
           "Starts an episode where a Game's snapshot was taken; writes the game's observation.\n\n"
           "from_reset: the first reward covers the run since its reset, not the first step alone.")
      .def(
          "copy_game",
          [](BatchEngine& e, py::ssize_t from, py::ssize_t to) {
            without_lock([&](auto&) {
              const Turn turn(e);
              e.copy_game(checked_game(e, from), checked_game(e, to));
            });
          },
          py::kw_only(), arg("source"), arg("target"))
      .def(
          "game",
          [](BatchEngine& e, py::ssize_t game) {
            return without_lock([&](auto&) {
              const Turn turn(e);
              return game::Game(e.game(checked_game(e, game)));
            });
          },
          arg("game"), "A copy of one game.")
      .def("infos", &infos, py::kw_only(), arg("final") = false, arg("mask") = py::none(),
           "New arrays of many games' infos and masks, as Batch.infos has them.")
      .def_property_readonly("num_envs", [](const BatchEngine& e) { return e.options().games; })
      .def_property_readonly("num_threads",
                             [](const BatchEngine& e) { return e.options().threads; })
      .def_property_readonly("instruction_set", [](const BatchEngine& e) {
        return support::to_string(e.options().instruction_set);
      });
  bind_columns(cls, "", [](BatchEngine& e) -> auto& { return e.columns(); });
  bind_columns(cls, "final_", [](BatchEngine& e) -> auto& { return e.final_columns(); });
  cls.def_property_readonly("final_obs", [](py::object self) {
    return view<float>(self.cast<BatchEngine&>().final_observations(), self, env::kObservationSize);
  });
}

}  // namespace qwop::bindings
