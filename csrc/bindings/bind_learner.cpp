#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <string>
#include <vector>

#include "bindings/bit_generator.hpp"
#include "bindings/bound_learner.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/instruction_sets.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using learner::ptrdiff_t;

// RandomState.randint(0, bound, size=count), whose stream numpy keeps as it is: the low bits of
// 32-bit numbers, drawn again until they are below the bound.
Indices draw_below(const BitGenerator& generator, std::int64_t bound, py::ssize_t count) {
  Indices drawn(count);
  std::int64_t* const to = drawn.mutable_data();
  const auto greatest = static_cast<std::uint32_t>(bound - 1);
  std::uint32_t mask = greatest;
  for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
  for (py::ssize_t i = 0; i < count; ++i) {
    std::uint32_t value = 0;
    if (greatest > 0) {
      do {
        value = generator.next_uint32(generator.state) & mask;
      } while (value > greatest);
    }
    to[i] = value;
  }
  return drawn;
}

py::tuple draw_transitions(const py::capsule& generator, std::int64_t positions, std::int64_t games,
                           py::ssize_t count) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (positions < 1 || positions > kMost || games < 1 || games > kMost || count < 1) {
    throw py::value_error("positions, games and count must be from 1 to 2**31, got " +
                          std::to_string(positions) + ", " + std::to_string(games) + " and " +
                          std::to_string(count));
  }
  const BitGenerator& source = bit_generator(generator);
  const Indices first = draw_below(source, positions, count);
  return py::make_tuple(first, draw_below(source, games, count));
}

}  // namespace

void bind_learner(py::module_& module) {
  using py::arg;
  define(
      module, "learner_instruction_sets",
      [] { return instruction_set_names(learner::kSmallestSet); },
      "Instruction sets that the learner can use on this processor, slowest first.");
  define(module, "draw_transitions", &draw_transitions, arg("generator"), arg("positions"),
         arg("games"), arg("count"),
         "The draws of stable-baselines3's ReplayBuffer.sample.\n\n"
         "The same numbers as np.random.randint(0, positions, size=count) and then\n"
         "np.random.randint(0, games, size=count), in a tenth of the time.\n\n"
         "Args:\n    generator: the capsule of the global generator's BitGenerator; hold its\n"
         "        lock.");
  EngineClass<BoundLearner>(
      module, "QuantileLearner",
      "The update and the greedy actor of QR-DQN, working in place on the arrays it is given.\n\n"
      "Args:\n    widths: of the observation and of each hidden layer.\n"
      "    n_actions, n_quantiles: the head has n_quantiles * n_actions outputs.\n"
      "    activation: 'relu' or 'tanh'.\n"
      "    instruction_set: a name of learner_instruction_sets(); '' for that in the\n"
      "        environment variable QWOP_NATIVE_ISA, or else the best.\n"
      "    loss_scale: the loss is multiplied by it. With 2 and one quantile it is DQN's.\n\n"
      "Raises:\n    ValueError: a size below 1, or an unknown name.")
      .def(py::init<const std::vector<ptrdiff_t>&, ptrdiff_t, ptrdiff_t, const std::string&,
                    const std::string&, double>(),
           arg("widths"), arg("n_actions"), arg("n_quantiles"), arg("activation"),
           arg("instruction_set") = "", arg("loss_scale") = 1.0)
      .def("bind_online", &BoundLearner::bind_online, arg("values"),
           "Weight and bias of each layer, float32: what updates change.")
      .def("bind_target", &BoundLearner::bind_target, arg("values"),
           "The same of the target network, which is only read.")
      .def("bind_adam", &BoundLearner::bind_adam, arg("means"), arg("squares"), arg("steps"),
           "Adam's exp_avg, exp_avg_sq and step of each parameter, float32.")
      .def("bind_replay", &BoundLearner::bind_replay, arg("observations"), arg("next_observations"),
           arg("actions"), arg("rewards"), arg("dones"), arg("timeouts"),
           "The arrays of stable-baselines3's ReplayBuffer, float32 and int64 (actions).")
      .def("update", &BoundLearner::update, arg("positions"), arg("games"), arg("gamma"),
           arg("learning_rate"), arg("betas"), arg("epsilon"), arg("weight_decay"),
           arg("decoupled_weight_decay"), arg("max_grad_norm"),
           "One update on the transitions [positions[i], games[i]] (int64).\n\n"
           "Returns:\n    The loss before the update.")
      .def("gradients", &BoundLearner::gradients, arg("positions"), arg("games"), arg("gamma"),
           "Loss and gradients, flat float32 arrays in the order of the parameters; changes\n"
           "nothing.")
      .def("act", &BoundLearner::act, arg("observations").noconvert(),
           "Greedy actions, int64 (rows,), for observations, float32 (rows, size).")
      .def(
          "invalidate", [](BoundLearner& b) { b.learner().invalidate(); },
          "Has everything derived from the parameters computed anew. Needed only when a few\n"
          "weights were changed by hand; changes of whole tensors are noticed.")
      .def(
          "measure_time", [](BoundLearner& b, bool on) { b.learner().measure_time(on); }, arg("on"),
          "Starts (from zero) or stops measuring where updates spend their time.")
      .def_property_readonly("seconds", &BoundLearner::seconds,
                             "Seconds spent in each part of the updates measured.")
      .def_property_readonly(
          "instruction_set",
          [](BoundLearner& b) { return std::string(b.learner().instruction_set()); },
          "The instruction set in use.");
}

}  // namespace qwop::bindings
