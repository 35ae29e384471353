// Checks what Python says about an episode and turns it into options.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

#include "env/episode.hpp"

namespace qwop::bindings {

inline env::EpisodeOptions episode_options(std::vector<int> action_keys, int frames_per_step,
                                           double failure_cost, double success_reward,
                                           double time_cost_mult, double speed_rew_mult,
                                           bool reload_on_reset, const std::string& sincos,
                                           int noop_max, double repeat_action_probability) {
  if (action_keys.empty()) throw pybind11::value_error("action_keys must not be empty");
  for (const int keys : action_keys) {
    if (keys < env::kTerminateAction || keys > game::kAllKeys) {
      throw pybind11::value_error("action_keys must be key masks (0 to 15) or -1, got " +
                                  std::to_string(keys));
    }
  }
  if (frames_per_step < 1) {
    throw pybind11::value_error("frames_per_step must be 1 or more, got " +
                                std::to_string(frames_per_step));
  }
  if (noop_max < 0) {
    throw pybind11::value_error("noop_max must be 0 or more, got " + std::to_string(noop_max));
  }
  if (!(repeat_action_probability >= 0.0 && repeat_action_probability < 1.0)) {
    throw pybind11::value_error("repeat_action_probability must be at least 0 and below 1, got " +
                                std::to_string(repeat_action_probability));
  }
  const env::RewardTerms reward{
      static_cast<float>(speed_rew_mult), static_cast<float>(time_cost_mult),
      static_cast<float>(success_reward), static_cast<float>(failure_cost), frames_per_step};
  return {std::move(action_keys),
          reward,
          reload_on_reset,
          parse_sincos_flavor(sincos),
          {noop_max, repeat_action_probability}};
}

}  // namespace qwop::bindings
