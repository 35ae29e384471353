#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <tuple>
#include <vector>

#include "bindings/engine_class.hpp"
#include "bindings/episode_options.hpp"
#include "bindings/long_calls.hpp"
#include "env/episode.hpp"
#include "game/snapshot.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using env::Episode;

// Without forcecast: writing into a converted copy would lose the observation.
using FloatArray = py::array_t<float, py::array::c_style>;

std::span<float, env::kObservationSize> observation_span(FloatArray& array) {
  if (array.ndim() != 1 || array.shape(0) != env::kObservationSize) {
    throw py::value_error("obs must be a float32 array of shape (60,)");
  }
  return std::span<float, env::kObservationSize>(array.mutable_data(), env::kObservationSize);
}

Episode make_episode(const env::EpisodeOptions& options) {
  Signals signals;
  Episode episode(options, signals);
  signals.rethrow();
  return episode;
}

void reset(Episode& episode, FloatArray obs, bool reload) {
  Signals signals;
  episode.reset(observation_span(obs), reload, signals);
  signals.rethrow();
}

std::tuple<double, bool> step(Episode& episode, py::ssize_t action, FloatArray obs) {
  const auto actions = static_cast<py::ssize_t>(episode.options().action_keys.size());
  if (action < 0 || action >= actions) {
    throw py::value_error("action must be in 0.." + std::to_string(actions - 1) + ", got " +
                          std::to_string(action));
  }
  Signals signals;
  const auto result = episode.step(static_cast<int>(action), observation_span(obs), signals);
  signals.rethrow();
  return {result.reward, result.terminated};
}

// Pickled as the options, the game's snapshot and the tracker's fields, and then the chance, if
// there is any.
py::tuple state_of(const Episode& episode) {
  const auto& options = episode.options();
  const auto& reward = options.reward;
  py::list remembered;
  auto tracker = episode.tracker();
  auto append = [&remembered](const auto& field) { remembered.append(field); };
  tracker.serialize(append);
  py::tuple state =
      py::make_tuple(options.action_keys, reward.frames_per_step, reward.failure_cost,
                     reward.success_reward, reward.time_cost_mult, reward.speed_rew_mult,
                     options.reload_on_reset, std::string(to_string(options.flavor)),
                     py::bytes(game::snapshot(episode.game())), py::tuple(remembered));
  if (!options.chance.any()) return state;
  return state + py::make_tuple(options.chance.noop_max, options.chance.repeat_action_probability,
                                episode.chance().state());
}

Episode episode_from(const py::tuple& state) {
  const bool chance = state.size() == 13;
  if (state.size() != 10 && !chance) throw py::value_error("not the pickled state of an Episode");
  Episode episode = make_episode(
      episode_options(state[0].cast<std::vector<int>>(), state[1].cast<int>(),
                      state[2].cast<double>(), state[3].cast<double>(), state[4].cast<double>(),
                      state[5].cast<double>(), state[6].cast<bool>(), state[7].cast<std::string>(),
                      chance ? state[10].cast<int>() : 0, chance ? state[11].cast<double>() : 0.0));
  if (chance) episode.chance().set_state(state[12].cast<std::uint64_t>());
  const auto snapshot = state[8].cast<py::bytes>();
  game::restore(episode.game(), std::string_view(snapshot));
  const auto remembered = state[9].cast<py::tuple>();
  std::size_t next = 0;
  auto take = [&remembered, &next]<class Field>(Field& field) {
    field = remembered[next++].cast<Field>();
  };
  episode.tracker().serialize(take);
  return episode;
}

}  // namespace

void bind_episode(py::module_& module) {
  define(
      module, "nearest_float32", [](double x) { return double{static_cast<float>(x)}; },
      py::arg("x"), "The float32 number nearest to x, whatever the thread's rounding is.");
  EngineClass<Episode>(module, "Episode", "The core of QwopEnv: qwop-gym's protocol on one game.")
      .def(py::init(&make_episode), py::arg("options"))
      .def("reset", &reset, py::arg("obs").noconvert(), py::kw_only(), py::arg("reload") = false,
           "Starts an episode, on a freshly loaded page if reload; writes the observation.")
      .def(
          "start_at",
          [](Episode& e, const py::bytes& snapshot, FloatArray obs) {
            e.start_at(std::string_view(snapshot), observation_span(obs));
          },
          py::arg("snapshot"), py::arg("obs").noconvert(),
          "Starts an episode where a Game's snapshot was taken; writes the observation.")
      .def("seed", &Episode::seed, py::arg("seed"),
           "Where the draws of noop_max and repeat_action_probability begin.")
      .def("step", &step, py::arg("action"), py::arg("obs").noconvert(),
           "Takes one action; writes the observation into obs.\n\n"
           "Returns:\n    Reward and whether the episode is over.")
      .def_property_readonly(
          "time", [](const Episode& e) { return static_cast<double>(e.progress().time); },
          "The game's clock / 10, a float32 value.")
      .def_property_readonly(
          "distance", [](const Episode& e) { return static_cast<double>(e.progress().distance); },
          "Torso's distance in meters, a float32 value.")
      .def_property_readonly(
          "avgspeed",
          [](const Episode& e) {
            const auto p = e.progress();
            return static_cast<double>(p.distance / p.time);
          },
          "distance / time, a float32 value.")
      .def_property_readonly("is_success", &Episode::is_success,
                             "Whether the episode ended with the torso beyond 100 m.")
      .def_property_readonly("frames", &Episode::frames, "Updates since the reset.")
      .def_property_readonly(
          "time_s",
          [](const Episode& e) { return static_cast<double>(e.frames()) / game::kFramesPerSecond; },
          "Seconds of game since the reset: frames / 30.")
      .def_property_readonly(
          "game", [](Episode& e) -> game::Game& { return e.game(); },
          py::return_value_policy::reference_internal, "The live game.")
      .def(
          "copy", [](const Episode& e) { return Episode(e); },
          "An independent episode in the same state.")
      .def("__copy__", [](const Episode& e) { return Episode(e); })
      .def(
          "__deepcopy__", [](const Episode& e, const py::dict&) { return Episode(e); },
          py::arg("memo"))
      .def(py::pickle(&state_of, &episode_from))
      // Python's own way for pickle's protocols 0 and 1 ends the process, as with Game.
      .def("__reduce__", [](const py::object& self) {
        const auto new_object = py::module_::import("copyreg").attr("__newobj__");
        return py::make_tuple(new_object, py::make_tuple(py::type::of(self)),
                              self.attr("__getstate__")());
      });
}

}  // namespace qwop::bindings
