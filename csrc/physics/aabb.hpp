// Axis-aligned boxes. Boxes that touch overlap.
#pragma once

#include "physics/settings.hpp"
#include "physics/vec2.hpp"

namespace qwop::physics {

template <class F>
struct Box2 {
  Vec2<F> low, high;
};
using Aabb = Box2<double>;

inline bool overlap(const Aabb& a, const Aabb& b) {
  return !(b.low.x > a.high.x || b.low.y > a.high.y || a.low.x > b.high.x || a.low.y > b.high.y);
}

inline bool contains(const Aabb& outer, const Aabb& inner) {
  return outer.low.x <= inner.low.x && outer.low.y <= inner.low.y && inner.high.x <= outer.high.x &&
         inner.high.y <= outer.high.y;
}

template <class F>
QWOP_ALWAYS_INLINE Box2<F> unite(const Box2<F>& a, const Box2<F>& b) {
  return {{lanes::min(a.low.x, b.low.x), lanes::min(a.low.y, b.low.y)},
          {lanes::max(a.high.x, b.high.x), lanes::max(a.high.y, b.high.y)}};
}

// Of a leaf in the tree, from the last motion of its body.
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> leaf_margin(Vec2<F> displacement) {
  return {F(kAabbExtension) + F(kAabbMultiplier) * lanes::abs(displacement.x),
          F(kAabbExtension) + F(kAabbMultiplier) * lanes::abs(displacement.y)};
}

template <class F>
QWOP_ALWAYS_INLINE Box2<F> fatten(const Box2<F>& box, Vec2<F> margin) {
  return {{box.low.x - margin.x, box.low.y - margin.y},
          {box.high.x + margin.x, box.high.y + margin.y}};
}

}  // namespace qwop::physics
