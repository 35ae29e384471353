#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/engine_class.hpp"
#include "bindings/learner_arrays.hpp"
#include "bindings/long_calls.hpp"
#include "learner/actor_critic.hpp"

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
                 parse_activation(activation), instruction_set) {}

  void bind_parameters(const py::list& values) {
    learner_.bind_parameters(tensors("parameters", values, learner_.sizes()));
    parameters_ = values;
  }
  void bind_adam(const py::list& means, const py::list& squares, const py::list& steps) {
    learner_.bind_adam(tensors("exp_avg", means, learner_.sizes()),
                       tensors("exp_avg_sq", squares, learner_.sizes()),
                       tensors("step", steps, std::vector<ptrdiff_t>(learner_.sizes().size(), 1)));
    adam_ = py::make_tuple(means, squares, steps);
  }
  void bind_rollout(const Floats& observations, const Indices& actions, const Floats& values,
                    const Floats& log_probs, const Floats& advantages, const Floats& returns) {
    if (values.ndim() != 2) throw py::value_error("values must be of shape (steps, games)");
    const auto rows = values.size();
    const auto check = [&](const char* name, const py::array& array, py::ssize_t size) {
      if (array.size() != size) {
        throw py::value_error(std::string(name) + " must hold " + std::to_string(size) +
                              " numbers, got " + std::to_string(array.size()));
      }
    };
    check("observations", observations, rows * learner_.observation_size());
    check("actions", actions, rows);
    check("log_probs", log_probs, rows);
    check("advantages", advantages, rows);
    check("returns", returns, rows);
    learner_.bind_rollout({observations.data(), actions.data(), values.data(), log_probs.data(),
                           advantages.data(), returns.data(), values.shape(0), values.shape(1)});
    rollout_ = py::make_tuple(observations, actions, values, log_probs, advantages, returns);
  }

  py::tuple act(const Floats& observations, const std::optional<Floats>& noise) {
    const auto width = learner_.observation_size();
    if (observations.ndim() != 2 || observations.shape(1) != width) {
      throw py::value_error("observations must be float32 of shape (rows, " +
                            std::to_string(width) + ")");
    }
    const auto rows = observations.shape(0);
    if (noise && noise->size() != rows * learner_.n_actions()) {
      throw py::value_error("noise must be float32 of shape (rows, actions)");
    }
    Indices actions(rows);
    Floats values(rows), log_probs(rows);
    const float* const from = observations.data();
    const float* const drawn = noise ? noise->data() : nullptr;
    std::int64_t* const to = actions.mutable_data();
    float *const v = values.mutable_data(), *const p = log_probs.mutable_data();
    without_lock([&](auto&) { learner_.act(from, rows, drawn, to, v, p); });
    return py::make_tuple(actions, values, log_probs);
  }

  py::dict update(const Indices& numbers, double clip_range,
                  std::optional<double> clip_range_values, double entropy_coefficient,
                  double value_coefficient, bool normalize_advantages, double max_grad_norm,
                  std::optional<double> most_kl, double learning_rate, std::array<double, 2> betas,
                  double epsilon, double weight_decay, bool decoupled_weight_decay) {
    const learner::PpoSettings settings{
        clip_range,
        clip_range_values,
        entropy_coefficient,
        value_coefficient,
        max_grad_norm,
        normalize_advantages,
        most_kl,
        {learning_rate, betas[0], betas[1], epsilon, weight_decay, decoupled_weight_decay}};
    const auto drawn = span(numbers);
    return to_dict(without_lock([&](auto&) { return learner_.update(drawn, settings); }));
  }
  py::tuple gradients(const Indices& numbers, double clip_range,
                      std::optional<double> clip_range_values, double entropy_coefficient,
                      double value_coefficient, bool normalize_advantages) {
    learner::PpoSettings settings;
    settings.clip_range = clip_range;
    settings.clip_range_values = clip_range_values;
    settings.entropy_coefficient = entropy_coefficient;
    settings.value_coefficient = value_coefficient;
    settings.normalize_advantages = normalize_advantages;
    py::list arrays;
    learner::Tensors out;
    for (const ptrdiff_t size : learner_.sizes()) {
      Floats array(size);
      out.push_back(array.mutable_data());
      arrays.append(array);
    }
    const auto result = learner_.gradients(span(numbers), settings, out);
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
  EngineClass<BoundActorCritic>(
      module, "ActorCritic",
      "PPO's update and actor, working in place on the arrays it is given.\n\n"
      "Args:\n    policy_widths, value_widths: of the observation and of each hidden layer.\n"
      "    n_actions: outputs of the policy; the value has one.\n"
      "    activation: 'relu' or 'tanh'.\n"
      "    instruction_set: as for QuantileLearner.\n\n"
      "Raises:\n    ValueError: a size below 1, or an unknown name.")
      .def(py::init<std::vector<ptrdiff_t>, std::vector<ptrdiff_t>, ptrdiff_t, const std::string&,
                    const std::string&>(),
           arg("policy_widths"), arg("value_widths"), arg("n_actions"), arg("activation"),
           arg("instruction_set") = "")
      .def("bind_parameters", &BoundActorCritic::bind_parameters, arg("values"),
           "Weight and bias of each layer of the policy, then of the value, float32.")
      .def("bind_adam", &BoundActorCritic::bind_adam, arg("means"), arg("squares"), arg("steps"),
           "Adam's exp_avg, exp_avg_sq and step of each parameter, float32.")
      .def("bind_rollout", &BoundActorCritic::bind_rollout, arg("observations"), arg("actions"),
           arg("values"), arg("log_probs"), arg("advantages"), arg("returns"),
           "The arrays of stable-baselines3's RolloutBuffer over (steps, games), before it\n"
           "flattens them; float32 and int64 (actions).")
      .def("act", &BoundActorCritic::act, arg("observations").noconvert(), arg("noise"),
           "Actions (int64), values and log probabilities (float32), (rows,) each, for\n"
           "observations, float32 (rows, size). The action is the greatest of probability /\n"
           "noise, float32 (rows, actions), or the likeliest where noise is None.")
      .def("update", &BoundActorCritic::update, arg("numbers"), arg("clip_range"),
           arg("clip_range_values"), arg("entropy_coefficient"), arg("value_coefficient"),
           arg("normalize_advantages"), arg("max_grad_norm"), arg("most_kl"), arg("learning_rate"),
           arg("betas"), arg("epsilon"), arg("weight_decay"), arg("decoupled_weight_decay"),
           "One update on the transitions game * steps + step (int64), as a flattened rollout\n"
           "numbers them; none where the policy has moved by more than most_kl.\n\n"
           "Returns:\n    What PPO logs, and whether the parameters were updated.")
      .def("gradients", &BoundActorCritic::gradients, arg("numbers"), arg("clip_range"),
           arg("clip_range_values"), arg("entropy_coefficient"), arg("value_coefficient"),
           arg("normalize_advantages"),
           "What PPO logs, and gradients, flat float32 arrays; changes nothing.")
      .def_property(
          "threads", [](BoundActorCritic& b) { return b.learner().threads(); },
          [](BoundActorCritic& b, int threads) { b.learner().set_threads(threads); },
          "Most threads that an update or a call of act() uses, 1 at first. Results do not depend\n"
          "on it.")
      .def_property_readonly(
          "instruction_set",
          [](BoundActorCritic& b) { return std::string(b.learner().instruction_set()); },
          "The instruction set in use.");
}

}  // namespace qwop::bindings
