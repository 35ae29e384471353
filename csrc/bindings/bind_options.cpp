// Settings that several calls take together, each by its name.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>

#include "bindings/engine_class.hpp"
#include "bindings/episode_options.hpp"
#include "learner/ppo/actor_critic.hpp"
#include "nn/linear.hpp"

namespace py = pybind11;

namespace qwop::bindings {

void bind_options(py::module_& module) {
  using py::arg;
  EngineClass<env::EpisodeOptions>(
      module, "EpisodeOptions",
      "How an episode is played.\n\n"
      "Args:\n    action_keys: the key mask of each action; -1 is the action that only\n"
      "        terminates. The other arguments are QwopEnv's.\n\n"
      "Raises:\n    ValueError: an argument is out of range, or sincos unknown.")
      .def(py::init(&episode_options), py::kw_only(), arg("action_keys"), arg("frames_per_step"),
           arg("failure_cost"), arg("success_reward"), arg("time_cost_mult"), arg("speed_rew_mult"),
           arg("reload_on_reset"), arg("sincos"), arg("noop_max") = 0,
           arg("repeat_action_probability") = 0.0);

  EngineClass<nn::AdamSettings>(module, "AdamOptions",
                                "Adam's settings, or AdamW's where the weight decay is decoupled.")
      .def(py::init([](double learning_rate, std::array<double, 2> betas, double epsilon,
                       double weight_decay, bool decoupled_weight_decay) {
             return nn::AdamSettings{learning_rate, betas[0],     betas[1],
                                     epsilon,       weight_decay, decoupled_weight_decay};
           }),
           py::kw_only(), arg("learning_rate"), arg("betas"), arg("epsilon"), arg("weight_decay"),
           arg("decoupled_weight_decay"));

  EngineClass<learner::PpoSettings>(
      module, "PpoOptions",
      "The settings of PPO's loss.\n\n"
      "Args:\n    target_kl: no update where the policy has moved by more than 1.5 times this; "
      "None\n"
      "        for no such limit. The others as stable-baselines3's PPO has them.")
      .def(py::init([](double clip_range, std::optional<double> clip_range_values,
                       double entropy_coefficient, double value_coefficient,
                       bool normalize_advantages, double max_grad_norm,
                       std::optional<double> target_kl) {
             return learner::PpoSettings{.clip_range = clip_range,
                                         .clip_range_values = clip_range_values,
                                         .entropy_coefficient = entropy_coefficient,
                                         .value_coefficient = value_coefficient,
                                         .max_grad_norm = max_grad_norm,
                                         .normalize_advantages = normalize_advantages,
                                         .target_kl = target_kl};
           }),
           py::kw_only(), arg("clip_range"), arg("clip_range_values"), arg("entropy_coefficient"),
           arg("value_coefficient"), arg("normalize_advantages"), arg("max_grad_norm"),
           arg("target_kl"));
}

}  // namespace qwop::bindings
