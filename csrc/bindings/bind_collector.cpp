// The collector: arrays in, arrays out.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <utility>

#include "bindings/arrays.hpp"
#include "bindings/bit_generator.hpp"
#include "bindings/bound_quantile_learner.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/long_calls.hpp"
#include "learner/check_size.hpp"
#include "rollout/collector.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using batch::BatchEngine;
using rollout::Collector;

// The collector together with what it works on, which it keeps alive.
class BoundCollector {
 public:
  BoundCollector(py::object engine, py::object learner, Array<double> rewards, Mask terminated,
                 Mask truncated)
      : engine_(std::move(engine)),
        learner_(std::move(learner)),
        rewards_(std::move(rewards)),
        terminated_(std::move(terminated)),
        truncated_(std::move(truncated)),
        collector_(engine_.cast<BatchEngine&>(), learner_.cast<BoundQuantileLearner&>().learner(),
                   mutable_span(rewards_), mutable_span(terminated_), mutable_span(truncated_)) {}

  void bind_replay(Floats observations, Floats next_observations, Indices actions, Floats rewards,
                   Floats dones, Floats timeouts) {
    const auto num_envs = collector_.num_envs();
    const auto positions = rewards.size() / num_envs;
    ReplayArrays arrays{std::move(observations), std::move(next_observations),
                        std::move(actions),      std::move(rewards),
                        std::move(dones),        std::move(timeouts)};
    collector_.bind_replay(arrays.replay(positions, num_envs));
    replay_ = std::move(arrays);
  }

  py::object play(const py::capsule& generator, double epsilon, const Floats& observations,
                  Floats next_observations) {
    const auto& source = bit_generator(generator);
    const auto seen = span(observations);
    learner::check_size("observations", observations.size(),
                        collector_.num_envs() * py::ssize_t{env::kObservationSize});
    if (Collector::explores(source, epsilon)) return py::none();
    Indices actions(collector_.num_envs());
    const auto chosen = mutable_span(actions);
    without_lock([&](auto&) { collector_.act(seen, chosen); });
    return take(std::move(actions), std::move(next_observations));
  }

  py::tuple take(Indices actions, Floats next_observations) {
    const auto num_envs = collector_.num_envs();
    Floats rewards(num_envs);
    Mask dones(num_envs);
    const rollout::Played played{mutable_span(rewards), mutable_span(dones)};
    const auto chosen = span(std::as_const(actions));
    const auto next = mutable_span(next_observations);
    const int ended = without_lock(
        [&](auto& interrupt) { return collector_.step(chosen, next, played, interrupt); });
    return py::make_tuple(std::move(actions), std::move(rewards), std::move(dones), ended);
  }

  void store(py::ssize_t position, const Floats& observations, const Floats& next_observations,
             const Indices& actions, const Floats& rewards) {
    collector_.store(position,
                     {span(observations), span(next_observations), span(actions), span(rewards)});
  }

 private:
  py::object engine_, learner_;
  Array<double> rewards_;
  Mask terminated_, truncated_;
  ReplayArrays replay_;
  Collector collector_;
};

}  // namespace

void bind_collector(py::module_& module) {
  using py::arg;
  using Bound = BoundCollector;
  EngineClass<Bound>(
      module, "Collector",
      "A step of all games with a greedy actor, and its place in a replay buffer.\n\n"
      "Args:\n    engine: a BatchEngine.\n    learner: a QuantileLearner.\n"
      "    rewards, terminated, truncated: results of each step, float64 and bool (num_envs,).\n\n"
      "Raises:\n    ValueError: a size is wrong.")
      .def(py::init<py::object, py::object, Array<double>, Mask, Mask>(), arg("engine"),
           arg("learner"), py::kw_only(), arg("rewards").noconvert(), arg("terminated").noconvert(),
           arg("truncated").noconvert())
      .def("bind_replay", &Bound::bind_replay, py::kw_only(), arg("observations").noconvert(),
           arg("next_observations").noconvert(), arg("actions").noconvert(),
           arg("rewards").noconvert(), arg("dones").noconvert(), arg("timeouts").noconvert(),
           "The arrays of stable-baselines3's ReplayBuffer, float32 and int64 (actions).")
      .def("play", &Bound::play, arg("generator"), py::kw_only(), arg("epsilon"),
           arg("observations").noconvert(), arg("next_observations").noconvert(),
           "Draws np.random.rand(); below epsilon nothing else is done, and None returned.\n\n"
           "Args:\n    generator: as for draw_transitions.\n"
           "    observations: of the last step, float32 (num_envs, 60).\n"
           "    next_observations: written.\n\n"
           "Returns:\n    As take() does, for greedy actions.")
      .def(
          "take", &Bound::take, py::kw_only(), arg("actions").noconvert(),
          arg("next_observations").noconvert(),
          "Takes the actions, int64 (num_envs,).\n\n"
          "Returns:\n    The actions; rewards, float32; which games have ended, bool; how many.\n\n"
          "Raises:\n    ValueError: an action is out of range.\n"
          "    NotResetError: a game was never reset.")
      .def("store", &Bound::store, py::kw_only(), arg("position"), arg("observations").noconvert(),
           arg("next_observations").noconvert(), arg("actions").noconvert(),
           arg("rewards").noconvert(), "Stores a step in which no episode ended.");
}

}  // namespace qwop::bindings
