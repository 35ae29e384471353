// Lane types wider than the machine's vectors: two halves side by side, down to native vectors.
//
// Besides making every width available everywhere, a type of twice the native width keeps two
// independent chains of operations in flight, which hides much of their latency.
#pragma once

#include "support/simd_f64_vector.hpp"

namespace qwop::lanes {
inline namespace QWOP_ISA_NAMESPACE {

template <int W>
  requires(W > kNativeWidth)
struct LaneBits<W> {
  using Half = LaneBits<W / 2>;
  Half low, high;

  LaneBits() = default;
  QWOP_ALWAYS_INLINE LaneBits(Half l, Half h) : low(l), high(h) {}
  QWOP_ALWAYS_INLINE LaneBits(std::int64_t x) : low(x), high(x) {}

  QWOP_ALWAYS_INLINE std::int64_t operator[](int lane) const {
    return lane < W / 2 ? low[lane] : high[lane - W / 2];
  }

#define QWOP_HALVES(type, operation)                                          \
  friend QWOP_ALWAYS_INLINE type operator operation(LaneBits a, LaneBits b) { \
    return {a.low operation b.low, a.high operation b.high};                  \
  }
  QWOP_HALVES(LaneBits, +)
  QWOP_HALVES(LaneBits, -)
  QWOP_HALVES(LaneBits, &)
  QWOP_HALVES(LaneBits, |)
  QWOP_HALVES(LaneBits, ^)
  QWOP_HALVES(LaneBits, ==)
  QWOP_HALVES(LaneBits, !=)
#undef QWOP_HALVES
  friend QWOP_ALWAYS_INLINE LaneBits operator~(LaneBits a) { return {~a.low, ~a.high}; }
  friend QWOP_ALWAYS_INLINE LaneBits operator<<(LaneBits a, int by) {
    return {a.low << by, a.high << by};
  }
};

template <int W>
  requires(W > kNativeWidth)
struct Lanes<W> {
  using Half = Lanes<W / 2>;
  using Bits = LaneBits<W>;
  using Mask = LaneBits<W>;
  Half low, high;

  Lanes() = default;
  QWOP_ALWAYS_INLINE Lanes(Half l, Half h) : low(l), high(h) {}
  QWOP_ALWAYS_INLINE Lanes(double x) : low(x), high(x) {}

  static QWOP_ALWAYS_INLINE Lanes load(const double* from) {
    return {Half::load(from), Half::load(from + W / 2)};
  }
  QWOP_ALWAYS_INLINE void store(double* to) const {
    low.store(to);
    high.store(to + W / 2);
  }
  QWOP_ALWAYS_INLINE double operator[](int lane) const {
    return lane < W / 2 ? low[lane] : high[lane - W / 2];
  }
  QWOP_ALWAYS_INLINE void set(int lane, double x) {
    if (lane < W / 2)
      low.set(lane, x);
    else
      high.set(lane - W / 2, x);
  }

#define QWOP_HALVES(type, operation)                                    \
  friend QWOP_ALWAYS_INLINE type operator operation(Lanes a, Lanes b) { \
    return {a.low operation b.low, a.high operation b.high};            \
  }
  QWOP_HALVES(Lanes, +)
  QWOP_HALVES(Lanes, -)
  QWOP_HALVES(Lanes, *)
  QWOP_HALVES(Lanes, /)
  QWOP_HALVES(Mask, <)
  QWOP_HALVES(Mask, <=)
  QWOP_HALVES(Mask, >)
  QWOP_HALVES(Mask, >=)
  QWOP_HALVES(Mask, ==)
  QWOP_HALVES(Mask, !=)
#undef QWOP_HALVES
  friend QWOP_ALWAYS_INLINE Lanes operator-(Lanes a) { return {-a.low, -a.high}; }
  friend QWOP_ALWAYS_INLINE Lanes& operator+=(Lanes& a, Lanes b) { return a = a + b; }
  friend QWOP_ALWAYS_INLINE Lanes& operator-=(Lanes& a, Lanes b) { return a = a - b; }
  friend QWOP_ALWAYS_INLINE Lanes& operator*=(Lanes& a, Lanes b) { return a = a * b; }
};

template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE Lanes<W> select(LaneBits<W> mask, Lanes<W> yes, Lanes<W> no) {
  return {select(mask.low, yes.low, no.low), select(mask.high, yes.high, no.high)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE LaneBits<W> select(LaneBits<W> mask, LaneBits<W> yes, LaneBits<W> no) {
  return {select(mask.low, yes.low, no.low), select(mask.high, yes.high, no.high)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE unsigned lane_bits(LaneBits<W> mask) {
  return lane_bits(mask.low) | lane_bits(mask.high) << (W / 2);
}
template <class F>
  requires(kWidth<F> > kNativeWidth)
QWOP_ALWAYS_INLINE Mask<F> mask_of(unsigned bits) {
  using Half = typename F::Half;
  return {mask_of<Half>(bits), mask_of<Half>(bits >> kWidth<Half>)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE bool any(LaneBits<W> mask) {
  return any(mask.low | mask.high);
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE bool all(LaneBits<W> mask) {
  return all(mask.low & mask.high);
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE LaneBits<W> to_bits(Lanes<W> x) {
  return {to_bits(x.low), to_bits(x.high)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE Lanes<W> from_bits(LaneBits<W> x) {
  return {from_bits(x.low), from_bits(x.high)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE Lanes<W> min(Lanes<W> a, Lanes<W> b) {
  return {min(a.low, b.low), min(a.high, b.high)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE Lanes<W> max(Lanes<W> a, Lanes<W> b) {
  return {max(a.low, b.low), max(a.high, b.high)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE Lanes<W> sqrt(Lanes<W> x) {
  return {sqrt(x.low), sqrt(x.high)};
}
template <int W>
  requires(W > kNativeWidth)
QWOP_ALWAYS_INLINE Lanes<W> fma(Lanes<W> a, Lanes<W> b, Lanes<W> c) {
  return {fma(a.low, b.low, c.low), fma(a.high, b.high, c.high)};
}

// Lanes 0 and 1, and lanes 2 and 3.
QWOP_ALWAYS_INLINE std::pair<Lanes<2>, Lanes<2>> halves(Lanes<4> x) {
#if defined(__AVX__)
  using Half = Lanes<2>::Vector;
  return {Half(_mm256_castpd256_pd128(x.v)), Half(_mm256_extractf128_pd(x.v, 1))};
#else
  return {x.low, x.high};
#endif
}

template <class F>
  requires(kWidth<F> > kNativeWidth)
QWOP_ALWAYS_INLINE Row<F> lookup(const double (*table)[4], Bits<F> index) {
  const auto a = lookup<typename F::Half>(table, index.low);
  const auto b = lookup<typename F::Half>(table, index.high);
  return {{a.v0, b.v0}, {a.v1, b.v1}, {a.v2, b.v2}, {a.v3, b.v3}};
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::lanes
