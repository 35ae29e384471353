// Sine and cosine with the bits of Sun's fdlibm (k_sin, k_cos and e_rem_pio2), as V8 carried it.
#pragma once

#include <limits>

#include "libm/sincos_glibc.hpp"
#include "support/simd_f64.hpp"

namespace qwop::sincos_detail {
inline namespace QWOP_ISA_NAMESPACE {

// Ends of the argument ranges (exclusive, in |x|): pi/4 and 2^19*pi/2 up to their high words.
inline constexpr double kQuarterPiEnd = 0x1.921fcp-1;
inline constexpr double kFdlibmEnd = 0x1.921fcp+20;  // 823551

// |x| < pi/4 keeps x alone, has no rest and takes a shorter sine.
template <bool kHasRest, class F>
QWOP_ALWAYS_INLINE F kernel_sine(Angle<F> a) {
  constexpr double kS1 = -0x1.5555555555549p-3, kS2 = 0x1.111111110f8a6p-7,
                   kS3 = -0x1.a01a019c161d5p-13, kS4 = 0x1.71de357b1fe7dp-19,
                   kS5 = -0x1.ae5e68a2b9cebp-26, kS6 = 0x1.5d93a5acfd57cp-33;
  const F x = a.value, z = x * x, v = z * x;
  const F r = kS2 + z * (kS3 + z * (kS4 + z * (kS5 + z * F(kS6))));
  if constexpr (!kHasRest) return x + v * (kS1 + z * r);
  return x - ((z * (0.5 * a.rest - v * r) - a.rest) - v * F(kS1));
}

// What kernel_cosine takes off 1 before it subtracts the rest: about x/4 for 0.3 <= |x| <= 0.78125.
template <class F>
QWOP_ALWAYS_INLINE F cosine_pivot(F x) {
  constexpr auto kHighWord = static_cast<std::int64_t>(0xffffffff00000000u);
  const F magnitude = lanes::abs(x);
  const F quarter = 0.25 * lanes::from_bits(lanes::to_bits(magnitude) & kHighWord);
  const F pivot = lanes::select(magnitude >= F(0x1.90001p-1), F(0.28125), quarter);
  return lanes::select(magnitude < F(0x1.33333p-2), F(0.0), pivot);
}

template <class F>
QWOP_ALWAYS_INLINE F kernel_cosine(Angle<F> a) {
  constexpr double kC1 = 0x1.555555555554cp-5, kC2 = -0x1.6c16c16c15177p-10,
                   kC3 = 0x1.a01a019cb1590p-16, kC4 = -0x1.27e4f809c52adp-22,
                   kC5 = 0x1.1ee9ebdb4b1c4p-29, kC6 = -0x1.8fae9be8838d4p-37;
  const F x = a.value, z = x * x;
  const F r = z * (kC1 + z * (kC2 + z * (kC3 + z * (kC4 + z * (kC5 + z * F(kC6))))));
  const F pivot = cosine_pivot(x);
  return (1.0 - pivot) - ((0.5 * z - pivot) - (z * r - x * a.rest));
}

// Whether y has lost more leading bits against t than 1/ratio (a power of two) has.
template <class F>
QWOP_ALWAYS_INLINE Mask<F> canceled(F t, F y, double ratio) {
  constexpr auto kExponent = std::int64_t{0x7ff} << 52;
  return lanes::abs(y) < lanes::from_bits(lanes::to_bits(t) & kExponent) * ratio;
}

// t - n*pi/2 for t >= pi/4 (n = 0 below), with pi/2 in parts of 33 bits, as many of them as the
// cancellation asks for.
template <class F>
QWOP_ALWAYS_INLINE Reduced<F> reduce_fdlibm(F t, Mask<F> below) {
  constexpr double kPart1 = 0x1.921fb544p+0, kTail1 = 0x1.0b4611a626331p-34,
                   kPart2 = 0x1.0b4611a6p-34, kTail2 = 0x1.3198a2e037073p-69,
                   kPart3 = 0x1.3198a2ep-69, kTail3 = 0x1.b839a252049c1p-104;
  constexpr double kFloor = 0x1p+52;
  const F turns = t * kTwoOverPi + 0.5;
  const F rounded = (turns + kFloor) - kFloor;
  const F n = lanes::select(below, F(0.0), lanes::select(rounded > turns, rounded - 1.0, rounded));
  F r = t - n * kPart1, w = n * kTail1, y = r - w;
  // Below 32 quarter turns fdlibm looks for cancellation only where the high word says so.
  const Bits<F> difference = lanes::to_bits(t) ^ lanes::to_bits(n * kHalfPi);
  const Mask<F> same_high_word = (difference & static_cast<std::int64_t>(0xffffffff00000000u)) == 0;
  const Mask<F> look = lanes::either(n >= F(32.0), same_high_word);
  const auto next_part = [&](Mask<F> where, double part, double tail) {
    const F next_w = n * part, next_r = r - next_w;
    w = lanes::select(where, n * tail - ((r - next_r) - next_w), w);
    r = lanes::select(where, next_r, r);
    y = r - w;
  };
  const Mask<F> second = lanes::both(look, canceled(t, y, 0x1p-16));
  if (lanes::any(second)) [[unlikely]] {
    next_part(second, kPart2, kTail2);
    next_part(lanes::both(second, canceled(t, y, 0x1p-49)), kPart3, kTail3);
  }
  return {{y, (r - y) - w}, lanes::to_bits(n + kFloor)};
}

inline constexpr double kTiny = 0x1p-27;  // below it the sine is the argument itself

QWOP_ALWAYS_INLINE SinCos<double> sincos_fdlibm_scalar(double x) {
  const double magnitude = lanes::abs(x);
  if (magnitude < kQuarterPiEnd) {
    const Angle<double> a{x, 0.0};
    return {magnitude < kTiny ? x : kernel_sine<false>(a), kernel_cosine(a)};
  }
  if (magnitude < kFdlibmEnd) {
    const auto [a, quadrant] = reduce_fdlibm(magnitude, false);
    const double sine = lanes::abs(a.value) < kTiny ? a.value : kernel_sine<true>(a);
    const SinCos<double> v = turned<double>({sine, kernel_cosine(a)}, quadrant);
    return {lanes::flip_sign(v.sin, lanes::to_bits(x)), v.cos};
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {nan, nan};
}

template <class F>
QWOP_ALWAYS_INLINE SinCos<F> sincos_fdlibm_lanes(F x) {
  const Mask<F> inside = lanes::abs(x) < F(kFdlibmEnd);
  const F magnitude = lanes::select(inside, lanes::abs(x), F(0.0));
  const Mask<F> below = magnitude < F(kQuarterPiEnd);
  const auto [a, quadrant] = reduce_fdlibm(magnitude, below);
  const F kernel = lanes::select(below, kernel_sine<false>(a), kernel_sine<true>(a));
  const F sine = lanes::select(lanes::abs(a.value) < F(kTiny), a.value, kernel);
  const SinCos<F> v = turned<F>({sine, kernel_cosine(a)}, quadrant);
  const F nan = std::numeric_limits<double>::quiet_NaN();
  return {lanes::select(inside, lanes::flip_sign(v.sin, lanes::to_bits(x)), nan),
          lanes::select(inside, v.cos, nan)};
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::sincos_detail
