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
                                           bool reload_on_reset, const std::string& sincos) {
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
  const env::RewardTerms reward{
      static_cast<float>(speed_rew_mult), static_cast<float>(time_cost_mult),
      static_cast<float>(success_reward), static_cast<float>(failure_cost), frames_per_step};
  return {std::move(action_keys), reward, reload_on_reset, parse_sincos_flavor(sincos)};
}

}  // namespace qwop::bindings
