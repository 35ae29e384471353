// Plane vectors and rotations over a lane type F (simd_f64.hpp). The order of each sum is the order
// in which the real game rounds.
#pragma once

#include "support/simd_f64.hpp"

namespace qwop::physics {

template <class F>
struct Vec2 {
  F x, y;
};

template <class F>
struct Rotation {
  F sin, cos;
};

template <class F>
QWOP_ALWAYS_INLINE Vec2<F> operator+(Vec2<F> a, Vec2<F> b) {
  return {a.x + b.x, a.y + b.y};
}
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> operator-(Vec2<F> a, Vec2<F> b) {
  return {a.x - b.x, a.y - b.y};
}
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> operator-(Vec2<F> a) {
  return {-a.x, -a.y};
}

template <class F>
QWOP_ALWAYS_INLINE F dot(Vec2<F> a, Vec2<F> b) {
  return a.x * b.x + a.y * b.y;
}
template <class F>
QWOP_ALWAYS_INLINE F cross(Vec2<F> a, Vec2<F> b) {
  return a.x * b.y - a.y * b.x;
}

// From the body's frame to the world's.
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> rotate(Rotation<F> r, Vec2<F> v) {
  return {r.cos * v.x - r.sin * v.y, r.sin * v.x + r.cos * v.y};
}
// From the world's frame to the body's.
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> unrotate(Rotation<F> r, Vec2<F> v) {
  return {v.x * r.cos + v.y * r.sin, v.y * r.cos - v.x * r.sin};
}

template <class F>
QWOP_ALWAYS_INLINE Vec2<F> select(lanes::Mask<F> mask, Vec2<F> yes, Vec2<F> no) {
  return {lanes::select(mask, yes.x, no.x), lanes::select(mask, yes.y, no.y)};
}
template <class F>
QWOP_ALWAYS_INLINE Rotation<F> select(lanes::Mask<F> mask, Rotation<F> yes, Rotation<F> no) {
  return {lanes::select(mask, yes.sin, no.sin), lanes::select(mask, yes.cos, no.cos)};
}

// As the game clamps: a value equal to a bound stays itself, so a zero keeps its sign.
template <class F>
QWOP_ALWAYS_INLINE F bounded(F x, F low, F high) {
  return lanes::select(low > x, low, lanes::select(x > high, high, x));
}

// Symmetric 2x2 matrix.
template <class F>
struct Sym22 {
  F xx, xy, yy;
};

template <class F>
QWOP_ALWAYS_INLINE F inverse_determinant(Sym22<F> k) {
  return F(1.0) / (k.xx * k.yy - k.xy * k.xy);
}
template <class F>
QWOP_ALWAYS_INLINE Sym22<F> inverse(Sym22<F> k) {
  const F d = inverse_determinant(k);
  return {d * k.yy, -(d * k.xy), d * k.xx};
}
// Solves k * result = b; rounds otherwise than multiplying by inverse(k).
template <class F>
QWOP_ALWAYS_INLINE Vec2<F> solve(Sym22<F> k, Vec2<F> b) {
  const F d = inverse_determinant(k);
  return {d * (k.yy * b.x - k.xy * b.y), d * (k.xx * b.y - k.xy * b.x)};
}

}  // namespace qwop::physics
