// The choice of the greedy action. qrdqn/network.hpp has a copy of its own on purpose: it is
// compiled for each instruction set, and one inline function of both could become code that a
// processor lacks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qwop::learner {

// Best of the first n; the first of equals, and NaN above all, as torch's argmax.
inline std::int32_t argmax(const float* values, std::ptrdiff_t n) {
  std::int32_t best = 0;
  for (std::int32_t i = 1; i < n && values[best] == values[best]; ++i) {
    if (!(values[i] <= values[best])) best = i;
  }
  return best;
}

}  // namespace qwop::learner
