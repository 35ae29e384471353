// What a network sees of an observation: each number by itself and relative to the torso, and ramps
// of the torso's place along the track.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace qwop::learner {

using std::ptrdiff_t;

// Feature i < n of an observation x is x[i] * own[i] + x[0] * torso[i] + bias[i]. Behind them
// stands a ramp for each pair of neighboring hinges h, h' = relu(x[0] * slope + place): low * h +
// high * h'. Without any numbers the observation is passed on as it is.
struct Features {
  std::vector<float> own, torso, bias;
  std::vector<float> slopes, places;
  std::vector<float> low, high;  // one less than hinges

  bool empty() const { return own.empty(); }
  ptrdiff_t outputs(ptrdiff_t inputs) const {
    return empty() ? inputs : inputs + static_cast<ptrdiff_t>(low.size());
  }

  void check(ptrdiff_t inputs) const {
    if (empty()) return;
    const auto n = static_cast<std::size_t>(inputs);
    if (own.size() != n || torso.size() != n || bias.size() != n ||
        slopes.size() != places.size() || slopes.size() != low.size() + (low.empty() ? 0 : 1) ||
        low.size() != high.size()) {
      throw std::invalid_argument("the features are not those of an observation of " +
                                  std::to_string(inputs) + " numbers");
    }
  }

  void write(const float* observation, ptrdiff_t inputs, float* to) const {
    if (empty()) {
      std::copy_n(observation, inputs, to);
      return;
    }
    const float x = observation[0];
    for (std::size_t i = 0; i < own.size(); ++i) {
      to[i] = observation[i] * own[i] + x * torso[i] + bias[i];
    }
    if (low.empty()) return;
    float* const ramps = to + own.size();
    float hinge = std::max(x * slopes[0] + places[0], 0.0f);
    for (std::size_t i = 0; i < low.size(); ++i) {
      const float next = std::max(x * slopes[i + 1] + places[i + 1], 0.0f);
      ramps[i] = hinge * low[i] + next * high[i];
      hinge = next;
    }
  }
};

}  // namespace qwop::learner
