#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>

#include "batch/batch_engine.hpp"
#include "bindings/bit_generator.hpp"
#include "bindings/bound_learner.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/long_calls.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using batch::BatchEngine;
using Mask = py::array_t<bool, py::array::c_style>;
using Rewards = py::array_t<double, py::array::c_style>;

constexpr auto kWidth = static_cast<py::ssize_t>(env::kObservationSize);

void check_size(const char* name, const py::array& array, py::ssize_t size) {
  if (array.size() == size) return;
  throw py::value_error(std::string(name) + " must hold " + std::to_string(size) +
                        " numbers, got " + std::to_string(array.size()));
}

// Acts, steps the games and stores what happened, with no Python in between.
class Collector {
 public:
  Collector(py::object engine, py::object learner, Rewards rewards, Mask terminated, Mask truncated)
      : engine_object_(std::move(engine)),
        learner_object_(std::move(learner)),
        engine_(engine_object_.cast<BatchEngine&>()),
        learner_(learner_object_.cast<BoundLearner&>().learner()),
        games_(engine_.options().games),
        rewards_(std::move(rewards)),
        terminated_(std::move(terminated)),
        truncated_(std::move(truncated)) {
    check_size("rewards", rewards_, games_);
    check_size("terminated", terminated_, games_);
    check_size("truncated", truncated_, games_);
    if (learner_.observation_size() != kWidth) {
      throw py::value_error("the learner's observations are not the engine's");
    }
  }

  void bind_replay(Floats observations, Floats next_observations, Indices actions, Floats rewards,
                   Floats dones, Floats timeouts) {
    const auto rows = rewards.size() / games_ * games_;
    check_size("observations", observations, rows * kWidth);
    check_size("next_observations", next_observations, rows * kWidth);
    check_size("actions", actions, rows);
    check_size("rewards", rewards, rows);
    check_size("dones", dones, rows);
    check_size("timeouts", timeouts, rows);
    positions_ = rows / games_;
    replay_ = {std::move(observations), std::move(next_observations),
               std::move(actions),      std::move(rewards),
               std::move(dones),        std::move(timeouts)};
  }

  // Epsilon-greedy; None where actions are to be drawn at random, nothing having moved.
  py::object play(const py::capsule& generator, double epsilon, const Floats& observations,
                  Floats next_observations) {
    check_size("observations", observations, games_ * kWidth);
    const BitGenerator& source = bit_generator(generator);
    if (source.next_double(source.state) < epsilon) return py::none();
    Indices actions(games_);
    const float* const seen = observations.data();
    std::int64_t* const chosen = actions.mutable_data();
    without_lock([&](auto&) { learner_.act(seen, games_, chosen); });
    return take(std::move(actions), std::move(next_observations));
  }

  py::tuple take(Indices actions, Floats next_observations) {
    check_size("actions", actions, games_);
    check_size("next_observations", next_observations, games_ * kWidth);
    const std::int64_t* const chosen = actions.data();
    const auto count = static_cast<std::int64_t>(engine_.options().episode.action_keys.size());
    if (std::any_of(chosen, chosen + games_, [&](auto a) { return a < 0 || a >= count; })) {
      throw py::value_error("actions must be in 0.." + std::to_string(count - 1));
    }
    const batch::StepOutput out{next_observations.mutable_data(), rewards_.mutable_data(),
                                terminated_.mutable_data(), truncated_.mutable_data()};
    without_lock([&](auto& interrupt) {
      const std::lock_guard turn(engine_.mutex());
      if (const auto game = engine_.first_unready()) {
        throw std::invalid_argument("game " + std::to_string(*game) +
                                    " must be reset before it can step");
      }
      engine_.step(chosen, out, interrupt);
    });
    Floats rewards(games_);
    Mask dones(games_);
    float* const r = rewards.mutable_data();
    bool* const d = dones.mutable_data();
    int ended = 0;
    for (py::ssize_t game = 0; game < games_; ++game) {
      r[game] = static_cast<float>(out.rewards[game]);
      d[game] = out.terminated[game] || out.truncated[game];
      ended += d[game] ? 1 : 0;
    }
    return py::make_tuple(std::move(actions), std::move(rewards), std::move(dones), ended);
  }

  // Of a step in which no episode ended.
  void store(py::ssize_t position, const Floats& observations, const Floats& next_observations,
             const Indices& actions, const Floats& rewards) {
    if (position < 0 || position >= positions_) {
      throw py::index_error("there is no position " + std::to_string(position) + " in the buffer");
    }
    check_size("observations", observations, games_ * kWidth);
    check_size("next_observations", next_observations, games_ * kWidth);
    check_size("actions", actions, games_);
    check_size("rewards", rewards, games_);
    const auto first = position * games_;
    std::copy_n(observations.data(), games_ * kWidth,
                replay_.observations.mutable_data() + first * kWidth);
    std::copy_n(next_observations.data(), games_ * kWidth,
                replay_.next_observations.mutable_data() + first * kWidth);
    std::copy_n(actions.data(), games_, replay_.actions.mutable_data() + first);
    std::copy_n(rewards.data(), games_, replay_.rewards.mutable_data() + first);
    std::fill_n(replay_.dones.mutable_data() + first, games_, 0.0f);
    std::fill_n(replay_.timeouts.mutable_data() + first, games_, 0.0f);
  }

 private:
  struct Arrays {
    Floats observations, next_observations;
    Indices actions;
    Floats rewards, dones, timeouts;
  };

  py::object engine_object_, learner_object_;
  BatchEngine& engine_;
  learner::QuantileLearner& learner_;
  py::ssize_t games_, positions_ = 0;
  Rewards rewards_;
  Mask terminated_, truncated_;
  Arrays replay_;
};

}  // namespace

void bind_collector(py::module_& module) {
  using py::arg;
  EngineClass<Collector>(
      module, "Collector",
      "A step of all games with a greedy actor, and its place in a replay buffer.\n\n"
      "Args:\n    engine: a BatchEngine.\n    learner: a QuantileLearner.\n"
      "    rewards, terminated, truncated: results of each step, float64 and bool (games,).\n\n"
      "Raises:\n    ValueError: a size is wrong.")
      .def(py::init<py::object, py::object, Rewards, Mask, Mask>(), arg("engine"), arg("learner"),
           arg("rewards").noconvert(), arg("terminated").noconvert(), arg("truncated").noconvert())
      .def("bind_replay", &Collector::bind_replay, arg("observations").noconvert(),
           arg("next_observations").noconvert(), arg("actions").noconvert(),
           arg("rewards").noconvert(), arg("dones").noconvert(), arg("timeouts").noconvert(),
           "The arrays of stable-baselines3's ReplayBuffer, float32 and int64 (actions).")
      .def("play", &Collector::play, arg("generator"), arg("epsilon"),
           arg("observations").noconvert(), arg("next_observations").noconvert(),
           "Draws np.random.rand(); below epsilon nothing else is done, and None returned.\n\n"
           "Args:\n    generator: as for draw_transitions.\n"
           "    observations: of the last step, float32 (games, 60).\n"
           "    next_observations: written.\n\n"
           "Returns:\n    As take() does, for greedy actions.")
      .def(
          "take", &Collector::take, arg("actions").noconvert(),
          arg("next_observations").noconvert(),
          "Takes the actions, int64 (games,).\n\n"
          "Returns:\n    The actions; rewards, float32; which games have ended, bool; how many.\n\n"
          "Raises:\n    ValueError: an action is out of range or a game was never reset.")
      .def("store", &Collector::store, arg("position"), arg("observations").noconvert(),
           arg("next_observations").noconvert(), arg("actions").noconvert(),
           arg("rewards").noconvert(), "Stores a step in which no episode ended.");
}

}  // namespace qwop::bindings
