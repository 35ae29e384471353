// A pair of bodies whose fat boxes overlap, with the manifold that lives on between steps.
#pragma once

#include "physics/manifold.hpp"

namespace qwop::physics {

struct Contact {
  std::int8_t body_a, body_b;  // A is the body whose tree leaf has the smaller number
  bool touching;
  Manifold manifold;
};

// Gives each new point the impulses of the old point with the same features.
inline void carry_impulses(Manifold& fresh, const Manifold& old) {
  for (int i = 0; i < fresh.count; ++i) {
    auto& point = fresh.points[i];
    for (int j = 0; j < old.count; ++j) {
      if (old.points[j].id != point.id) continue;
      point.normal_impulse = old.points[j].normal_impulse;
      point.tangent_impulse = old.points[j].tangent_impulse;
      break;
    }
  }
}

}  // namespace qwop::physics
