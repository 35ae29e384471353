// PPO's learner.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/engine_class.hpp"
#include "bindings/learner_arrays.hpp"
#include "bindings/long_calls.hpp"
#include "learner/ppo/actor_critic.hpp"
#include "nn/activation_name.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using learner::ActorCritic;
using learner::ptrdiff_t;

// The learner together with the arrays it works on, which keep their memory alive.
class BoundActorCritic {
 public:
  BoundActorCritic(std::vector<ptrdiff_t> policy_widths, std::vector<ptrdiff_t> value_widths,
                   ptrdiff_t n_actions, const std::string& activation,
                   const std::string& instruction_set)
      : learner_(std::move(policy_widths), std::move(value_widths), n_actions,
                 nn::parse_activation(activation), instruction_set) {}

  void bind_parameters(const py::list& values) {
    learner_.bind_parameters(tensors("parameters", values, learner_.sizes()));
    parameters_ = values;
  }
  void bind_adam(const py::list& means, const py::list& squares, const py::list& steps) {
    bind_adam_state(learner_, means, squares, steps);
    adam_ = py::make_tuple(means, squares, steps);
  }
  void bind_rollout(const Floats& observations, const Indices& actions, const Floats& values,
                    const Floats& log_probs, const Floats& advantages, const Floats& returns) {
    if (values.ndim() != 2) throw py::value_error("values must be of shape (steps, num_envs)");
    learner_.bind_rollout({span(observations), span(actions), span(values), span(log_probs),
                           span(advantages), span(returns), values.shape(0), values.shape(1)});
    rollout_ = py::make_tuple(observations, actions, values, log_probs, advantages, returns);
  }

  py::tuple act(const Floats& observations, const std::optional<Floats>& noise) {
    const float* const from = observation_rows(observations, learner_.observation_size());
    const auto rows = observations.shape(0);
    if (noise && noise->size() != rows * learner_.n_actions()) {
      throw py::value_error("noise must be float32 of shape (rows, actions)");
    }
    Indices actions(rows);
    Floats values(rows), log_probs(rows);
    const float* const drawn = noise ? noise->data() : nullptr;
    std::int64_t* const to = actions.mutable_data();
    float *const v = values.mutable_data(), *const p = log_probs.mutable_data();
    without_lock([&](auto&) { learner_.act(from, rows, drawn, to, v, p); });
    return py::make_tuple(actions, values, log_probs);
  }

  py::dict update(const Indices& numbers, const learner::PpoSettings& options,
                  const nn::AdamSettings& adam) {
    const auto drawn = span(numbers);
    return to_dict(without_lock([&](auto&) { return learner_.update(drawn, options, adam); }));
  }
  py::tuple gradients(const Indices& numbers, const learner::PpoSettings& options) {
    py::list arrays;
    const auto out = gradient_arrays(learner_, arrays);
    const auto result = learner_.gradients(span(numbers), options, out);
    return py::make_tuple(to_dict(result), arrays);
  }
  ActorCritic& learner() { return learner_; }

 private:
  static py::dict to_dict(const learner::PpoResult& result) {
    py::dict found;
    found["policy_loss"] = result.policy_loss;
    found["value_loss"] = result.value_loss;
    found["entropy_loss"] = result.entropy_loss;
    found["loss"] = result.loss;
    found["clip_fraction"] = result.clip_fraction;
    found["kl"] = result.kl;
    found["updated"] = result.updated;
    return found;
  }

  ActorCritic learner_;
  py::object parameters_, adam_, rollout_;
};

}  // namespace

void bind_actor_critic(py::module_& module) {
  using py::arg;
  using Bound = BoundActorCritic;
  EngineClass<Bound>(
      module, "ActorCritic",
      "PPO's update and actor, working in place on the arrays it is given.\n\n"
      "Args:\n    policy_widths, value_widths: of the observation and of each hidden layer.\n"
      "    n_actions: outputs of the policy; the value has one.\n"
      "    activation: 'relu' or 'tanh'.\n"
      "    instruction_set: as for QuantileLearner.\n\n"
      "Raises:\n    ValueError: a size below 1, or an unknown name.")
      .def(py::init<std::vector<ptrdiff_t>, std::vector<ptrdiff_t>, ptrdiff_t, const std::string&,
                    const std::string&>(),
           py::kw_only(), arg("policy_widths"), arg("value_widths"), arg("n_actions"),
           arg("activation"), arg("instruction_set") = "")
      .def("bind_parameters", &Bound::bind_parameters, arg("values"),
           "Weight and bias of each layer of the policy, then of the value, float32.")
      .def("bind_adam", &Bound::bind_adam, py::kw_only(), arg("means"), arg("squares"),
           arg("steps"), "Adam's exp_avg, exp_avg_sq and step of each parameter, float32.")
      .def("bind_rollout", &Bound::bind_rollout, py::kw_only(), arg("observations"), arg("actions"),
           arg("values"), arg("log_probs"), arg("advantages"), arg("returns"),
           "The arrays of stable-baselines3's RolloutBuffer over (steps, num_envs), before it\n"
           "flattens them; float32 and int64 (actions).")
      .def("act", &Bound::act, arg("observations").noconvert(), py::kw_only(), arg("noise"),
           "Actions (int64), values and log probabilities (float32), (rows,) each, for\n"
           "observations, float32 (rows, size). The action is the greatest of probability /\n"
           "noise, float32 (rows, actions), or the likeliest where noise is None.")
      .def("update", &Bound::update, arg("numbers"), py::kw_only(), arg("options"), arg("adam"),
           "One update on the transitions game * steps + step (int64), as a flattened rollout\n"
           "numbers them; none where the policy has moved by more than 1.5 times target_kl.\n\n"
           "Returns:\n    What PPO logs, and whether the parameters were updated.")
      .def("gradients", &Bound::gradients, arg("numbers"), py::kw_only(), arg("options"),
           "What PPO logs, and gradients, flat float32 arrays; changes nothing.")
      .def_property(
          "threads", [](Bound& b) { return b.learner().threads(); },
          [](Bound& b, int threads) { b.learner().set_threads(threads); },
          "Most threads that an update or a call of act() uses, 1 at first. Results do not depend\n"
          "on it.")
      .def_property_readonly(
          "instruction_set", [](Bound& b) { return std::string(b.learner().instruction_set()); },
          "The instruction set in use.");
}

}  // namespace qwop::bindings
