// Narrow phase: the contact points of two boxes by separating axes and clipping.
#pragma once

#include "physics/manifold.hpp"

namespace qwop::physics {

struct Box {
  double half_width, half_height;
  const Pose<double>& pose;
};

// The manifold of a and b, impulses zero. count is 0 when they are further apart than their skins.
Manifold collide_boxes(const Box& a, const Box& b);

}  // namespace qwop::physics
