#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bindings/bound_quantile_learner.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/long_calls.hpp"
#include "learner/check_size.hpp"
#include "learner/large_batch/learner.hpp"
#include "learner/large_batch/value_actor.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using learner::ptrdiff_t;
using MunchausenTuple = std::optional<std::array<double, 3>>;

learner::ValueShape shape_of(ptrdiff_t observation_size, std::vector<ptrdiff_t> hidden,
                             ptrdiff_t n_actions, ptrdiff_t n_quantiles,
                             const std::string& activation, bool layer_norm,
                             const std::optional<std::array<std::vector<float>, 7>>& features) {
  learner::ValueShape shape{observation_size,
                            std::move(hidden),
                            n_actions,
                            n_quantiles,
                            nn::parse_activation(activation),
                            layer_norm,
                            {}};
  if (features) {
    const auto& [own, torso, bias, slopes, places, low, high] = *features;
    shape.features = {own, torso, bias, slopes, places, low, high};
  }
  return shape;
}

// The learner together with the arrays it works on, which keep their memory alive.
class BoundLargeBatch {
 public:
  BoundLargeBatch(const learner::ValueShape& shape, const std::string& instruction_set)
      : learner_(shape, instruction_set) {}

  void bind_online(const py::list& values) {
    learner_.bind_online(tensors("parameters", values, learner_.sizes()));
    online_ = values;
  }
  void bind_target(const py::list& values) {
    learner_.bind_target(tensors("target parameters", values, learner_.sizes()));
    target_ = values;
  }
  void bind_adam(const py::list& means, const py::list& squares, const py::list& steps) {
    bind_adam_state(learner_, means, squares, steps);
    adam_ = py::make_tuple(means, squares, steps);
  }
  void bind_replay(Floats observations, Floats next_observations, Indices actions, Floats rewards,
                   Floats dones, Floats timeouts) {
    if (rewards.ndim() != 2) {
      throw py::value_error("rewards must be of shape (positions, num_envs)");
    }
    const auto positions = rewards.shape(0), num_envs = rewards.shape(1);
    ReplayArrays arrays{std::move(observations), std::move(next_observations),
                        std::move(actions),      std::move(rewards),
                        std::move(dones),        std::move(timeouts)};
    learner_.bind_replay(arrays.replay(positions, num_envs));
    replay_ = std::move(arrays);
  }

  double update(const Indices& positions, const Indices& games,
                const learner::LargeBatchSettings& settings,
                const std::optional<Floats>& importance, std::optional<Floats> errors) {
    if (importance) learner::check_size("importance", importance->size(), positions.size());
    if (errors) learner::check_size("errors", errors->size(), positions.size());
    const auto p = span(positions), g = span(games);
    const float* const weights = importance ? importance->data() : nullptr;
    float* const to = errors ? errors->mutable_data() : nullptr;
    return without_lock([&](auto&) { return learner_.update({p, g}, settings, weights, to); });
  }
  py::tuple gradients(const Indices& positions, const Indices& games,
                      const learner::LargeBatchSettings& settings) {
    py::list arrays;
    const auto out = gradient_arrays(learner_, arrays);
    const double loss = learner_.gradients({span(positions), span(games)}, settings, out);
    return py::make_tuple(loss, arrays);
  }
  learner::LargeBatchLearner& learner() { return learner_; }

 private:
  learner::LargeBatchLearner learner_;
  py::object online_, target_, adam_;
  ReplayArrays replay_;
};

class BoundActor {
 public:
  BoundActor(const learner::ValueShape& shape, const std::string& instruction_set)
      : actor_(shape, instruction_set) {}

  void bind(const py::list& values) {
    actor_.bind(tensors("parameters", values, actor_.sizes()));
    values_ = values;
  }
  void refresh() {
    without_lock([&](auto&) { actor_.refresh(); });
  }
  Indices act(const Floats& observations) {
    const float* const from = observation_rows(observations, actor_.observation_size());
    Indices actions(observations.shape(0));
    const auto rows = observations.shape(0);
    std::int64_t* const to = actions.mutable_data();
    without_lock([&](auto&) { actor_.act(from, rows, to); });
    return actions;
  }

 private:
  learner::ValueActor actor_;
  py::object values_;
};

learner::LargeBatchSettings settings_of(double gamma, int n_steps, ptrdiff_t newest, bool double_q,
                                        const MunchausenTuple& munchausen,
                                        std::optional<double> max_grad_norm,
                                        const nn::AdamSettings& adam) {
  learner::LargeBatchSettings settings;
  settings.n_step = {n_steps, gamma, newest};
  settings.double_q = double_q;
  if (munchausen) {
    const auto [alpha, tau, clip] = *munchausen;
    settings.munchausen = {alpha, tau, clip};
  }
  settings.max_grad_norm = max_grad_norm;
  settings.adam = adam;
  return settings;
}

}  // namespace

void bind_large_batch(py::module_& module) {
  using py::arg;
  EngineClass<learner::ValueShape>(
      module, "ValueShape",
      "What a network of QR-DQN looks like: hidden layers, then n_quantiles * n_actions "
      "outputs.\n\n"
      "Args:\n    observation_size: numbers of an observation.\n"
      "    hidden: widths of the hidden layers.\n"
      "    activation: 'relu' or 'tanh'.\n"
      "    layer_norm: whether each hidden layer's outputs are normalized before the activation.\n"
      "    features: own, torso, bias (a number for each of an observation), slopes, places (of\n"
      "        hinges), low, high (of ramps between them), as in csrc/learner/large_batch/\n"
      "        features.hpp; None passes observations on as they are.\n\n"
      "Raises:\n    ValueError: a size below 1, or features of another observation.")
      .def(py::init(&shape_of), py::kw_only(), arg("observation_size"), arg("hidden"),
           arg("n_actions"), arg("n_quantiles"), arg("activation") = "relu",
           arg("layer_norm") = false, arg("features") = py::none());
  EngineClass<learner::LargeBatchSettings>(
      module, "LargeBatchOptions",
      "How an update is made.\n\n"
      "Args:\n    gamma: discount a step.\n    n_steps: rewards before the bootstrap.\n"
      "    newest: position of the buffer last written.\n"
      "    double_q: whether the online network chooses the next action.\n"
      "    munchausen: alpha, tau and clip, or None for the greedy target.\n"
      "    max_grad_norm: the gradient is scaled down to it; None leaves it as it is.\n"
      "    adam: AdamOptions.")
      .def(py::init(&settings_of), py::kw_only(), arg("gamma"), arg("n_steps") = 1, arg("newest"),
           arg("double_q") = false, arg("munchausen") = py::none(),
           arg("max_grad_norm") = py::none(), arg("adam"));
  EngineClass<BoundLargeBatch>(
      module, "LargeBatchLearner",
      "QR-DQN's update for large batches, working in place on the arrays it is given.\n\n"
      "Args:\n    shape: of the networks.\n"
      "    instruction_set: a name of learner_instruction_sets(); '' for that in the\n"
      "        environment variable QWOP_NATIVE_ISA, or else the best.\n\n"
      "Raises:\n    ValueError: an unknown instruction set.")
      .def(py::init<const learner::ValueShape&, const std::string&>(), arg("shape"), py::kw_only(),
           arg("instruction_set") = "")
      .def(
          "bind_online", &BoundLargeBatch::bind_online, arg("values"),
          "Of each hidden layer weight, bias and, with layer norm, the norm's gain and bias; then\n"
          "the head's weight and bias; float32: what updates change.")
      .def("bind_target", &BoundLargeBatch::bind_target, arg("values"),
           "The same of the target network, which is only read.")
      .def("bind_adam", &BoundLargeBatch::bind_adam, py::kw_only(), arg("means"), arg("squares"),
           arg("steps"), "Adam's exp_avg, exp_avg_sq and step of each parameter, float32.")
      .def("bind_replay", &BoundLargeBatch::bind_replay, py::kw_only(),
           arg("observations").noconvert(), arg("next_observations").noconvert(),
           arg("actions").noconvert(), arg("rewards").noconvert(), arg("dones").noconvert(),
           arg("timeouts").noconvert(),
           "The arrays of stable-baselines3's ReplayBuffer, float32 and int64 (actions).")
      .def("update", &BoundLargeBatch::update, py::kw_only(), arg("positions"), arg("games"),
           arg("options"), arg("importance") = py::none(), arg("errors").noconvert() = py::none(),
           "One update on the transitions [positions[i], games[i]] (int64).\n\n"
           "Args:\n    importance: how often each transition counts, float32.\n"
           "    errors: becomes each transition's own loss, float32.\n\n"
           "Returns:\n    The loss before the update.")
      .def("gradients", &BoundLargeBatch::gradients, py::kw_only(), arg("positions"), arg("games"),
           arg("options"),
           "Loss and gradients, flat float32 arrays in the order of the parameters; changes\n"
           "nothing.")
      .def(
          "invalidate", [](BoundLargeBatch& b) { b.learner().invalidate(); },
          "Has everything derived from the parameters computed anew. Needed only when a few\n"
          "weights were changed by hand; changes of whole tensors are noticed.")
      .def_property(
          "threads", [](BoundLargeBatch& b) { return b.learner().threads(); },
          [](BoundLargeBatch& b, int threads) { b.learner().set_threads(threads); },
          "Most threads that an update uses; results do not depend on it.")
      .def_property_readonly(
          "instruction_set",
          [](BoundLargeBatch& b) { return std::string(b.learner().instruction_set()); },
          "The instruction set in use.");
  EngineClass<BoundActor>(
      module, "ValueActor",
      "The greedy actor of a network, on its parameters as they were at the last refresh.\n\n"
      "Args:\n    shape, instruction_set: as for LargeBatchLearner.")
      .def(py::init<const learner::ValueShape&, const std::string&>(), arg("shape"), py::kw_only(),
           arg("instruction_set") = "")
      .def("bind", &BoundActor::bind, arg("values"), "Parameters, as LargeBatchLearner's.")
      .def("refresh", &BoundActor::refresh, "Takes over the parameters as they are now.")
      .def("act", &BoundActor::act, arg("observations").noconvert(),
           "Greedy actions, int64 (rows,), for observations, float32 (rows, size).");
}

}  // namespace qwop::bindings
