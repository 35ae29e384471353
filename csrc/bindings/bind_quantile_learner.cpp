// QR-DQN's learner, and the draws of its transitions.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bit_generator.hpp"
#include "bindings/bound_quantile_learner.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/instruction_sets.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using learner::ptrdiff_t;

py::tuple draw_transitions(const py::capsule& generator, std::int64_t positions,
                           std::int64_t num_envs, py::ssize_t count) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (positions < 1 || positions > kMost || num_envs < 1 || num_envs > kMost || count < 1) {
    throw py::value_error("positions, num_envs and count must be from 1 to 2**31, got " +
                          std::to_string(positions) + ", " + std::to_string(num_envs) + " and " +
                          std::to_string(count));
  }
  const rollout::BitGenerator& source = bit_generator(generator);
  Indices first(count), second(count);
  rollout::draw_below(source, positions, mutable_span(first));
  rollout::draw_below(source, num_envs, mutable_span(second));
  return py::make_tuple(first, second);
}

}  // namespace

void bind_quantile_learner(py::module_& module) {
  using py::arg;
  using Bound = BoundQuantileLearner;
  define(
      module, "learner_instruction_sets",
      [] { return instruction_set_names(learner::kSmallestSet); },
      "Instruction sets that the learner can use on this processor, slowest first.");
  define(module, "draw_transitions", &draw_transitions, arg("generator"), py::kw_only(),
         arg("positions"), arg("num_envs"), arg("count"),
         "The draws of stable-baselines3's ReplayBuffer.sample.\n\n"
         "The same numbers as np.random.randint(0, positions, size=count) and then\n"
         "np.random.randint(0, num_envs, size=count), in a tenth of the time.\n\n"
         "Args:\n    generator: the capsule of the global generator's BitGenerator; hold its\n"
         "        lock.");
  EngineClass<Bound>(
      module, "QuantileLearner",
      "The update and the greedy actor of QR-DQN, working in place on the arrays it is given.\n\n"
      "Args:\n    widths: of the observation and of each hidden layer.\n"
      "    n_actions, n_quantiles: the head has n_quantiles * n_actions outputs.\n"
      "    activation: 'relu' or 'tanh'.\n"
      "    instruction_set: a name of learner_instruction_sets(); '' for that in the\n"
      "        environment variable QWOP_NATIVE_ISA, or else the best.\n"
      "    loss_scale: the loss is multiplied by it. With 2 and one quantile it is DQN's.\n\n"
      "Raises:\n    ValueError: a size below 1, or an unknown name.")
      .def(py::init<std::vector<ptrdiff_t>, ptrdiff_t, ptrdiff_t, const std::string&,
                    const std::string&, double>(),
           py::kw_only(), arg("widths"), arg("n_actions"), arg("n_quantiles"), arg("activation"),
           arg("instruction_set") = "", arg("loss_scale") = 1.0)
      .def("bind_online", &Bound::bind_online, arg("values"),
           "Weight and bias of each layer, float32: what updates change.")
      .def("bind_target", &Bound::bind_target, arg("values"),
           "The same of the target network, which is only read.")
      .def("bind_adam", &Bound::bind_adam, py::kw_only(), arg("means"), arg("squares"),
           arg("steps"), "Adam's exp_avg, exp_avg_sq and step of each parameter, float32.")
      .def("bind_replay", &Bound::bind_replay, py::kw_only(), arg("observations").noconvert(),
           arg("next_observations").noconvert(), arg("actions").noconvert(),
           arg("rewards").noconvert(), arg("dones").noconvert(), arg("timeouts").noconvert(),
           "The arrays of stable-baselines3's ReplayBuffer, float32 and int64 (actions).")
      .def("update", &Bound::update, py::kw_only(), arg("positions"), arg("games"), arg("gamma"),
           arg("adam"), arg("max_grad_norm"),
           "One update on the transitions [positions[i], games[i]] (int64).\n\n"
           "Returns:\n    The loss before the update.")
      .def("gradients", &Bound::gradients, py::kw_only(), arg("positions"), arg("games"),
           arg("gamma"),
           "Loss and gradients, flat float32 arrays in the order of the parameters; changes\n"
           "nothing.")
      .def("act", &Bound::act, arg("observations").noconvert(),
           "Greedy actions, int64 (rows,), for observations, float32 (rows, size).")
      .def(
          "invalidate", [](Bound& b) { b.learner().invalidate(); },
          "Has everything derived from the parameters computed anew. Needed only when a few\n"
          "weights were changed by hand; changes of whole tensors are noticed.")
      .def(
          "measure_time", [](Bound& b, bool on) { b.learner().measure_time(on); }, arg("on"),
          "Starts (from zero) or stops measuring where updates spend their time.")
      .def_property_readonly("seconds", &Bound::seconds,
                             "Seconds spent in each part of the updates measured.")
      .def_property_readonly(
          "instruction_set", [](Bound& b) { return std::string(b.learner().instruction_set()); },
          "The instruction set in use.");
}

}  // namespace qwop::bindings
