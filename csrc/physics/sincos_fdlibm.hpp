// Sine and cosine with the bits of Sun's fdlibm (k_sin, k_cos and e_rem_pio2), as V8 carried it.
#pragma once

#include <limits>

#include "physics/lanes.hpp"
#include "physics/sincos_glibc.hpp"

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
QWOP_ALWAYS_INLINE double cosine_pivot(double x) {
  const double magnitude = lanes::abs(x);
  if (magnitude < 0x1.33333p-2) return 0.0;
  if (magnitude >= 0x1.90001p-1) return 0.28125;
  const auto high_word = std::bit_cast<std::uint64_t>(magnitude) & 0xffffffff00000000u;
  return 0.25 * std::bit_cast<double>(high_word);
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

// Whether y has lost more than this many leading bits against t.
QWOP_ALWAYS_INLINE bool cancelled(double t, double y, int bits) {
  const auto exponent = [](double v) { return (lanes::to_bits(v) >> 52) & 0x7ff; };
  return exponent(t) - exponent(y) > bits;
}

// t - n*pi/2 for t >= pi/4, with pi/2 in parts of 33 bits, as many as the cancellation asks for.
QWOP_ALWAYS_INLINE Reduced<double> reduce_fdlibm(double t) {
  constexpr double kPart1 = 0x1.921fb544p+0, kTail1 = 0x1.0b4611a626331p-34,
                   kPart2 = 0x1.0b4611a6p-34, kTail2 = 0x1.3198a2e037073p-69,
                   kPart3 = 0x1.3198a2ep-69, kTail3 = 0x1.b839a252049c1p-104;
  const auto n = static_cast<std::int64_t>(t * kTwoOverPi + 0.5);
  const auto fn = static_cast<double>(n);
  double r = t - fn * kPart1, w = fn * kTail1, y = r - w;
  // Below 32 quarter turns fdlibm looks for cancellation only where the high word says so.
  const bool look = n >= 32 || (lanes::to_bits(t) >> 32) == (lanes::to_bits(fn * kHalfPi) >> 32);
  const auto next_part = [&](double part, double tail) {
    const double before = r;
    w = fn * part;
    r = before - w;
    w = fn * tail - ((before - r) - w);
    y = r - w;
  };
  if (look && cancelled(t, y, 16)) {
    next_part(kPart2, kTail2);
    if (cancelled(t, y, 49)) next_part(kPart3, kTail3);
  }
  return {{y, (r - y) - w}, n};
}

QWOP_ALWAYS_INLINE SinCos<double> sincos_fdlibm(double x) {
  constexpr double kTiny = 0x1p-27;  // below it the sine is the argument itself
  const double magnitude = lanes::abs(x);
  if (magnitude < kQuarterPiEnd) {
    const Angle<double> a{x, 0.0};
    return {magnitude < kTiny ? x : kernel_sine<false>(a), kernel_cosine(a)};
  }
  if (magnitude < kFdlibmEnd) {
    const auto [a, quadrant] = reduce_fdlibm(magnitude);
    const double sine = lanes::abs(a.value) < kTiny ? a.value : kernel_sine<true>(a);
    const SinCos<double> v = turned({sine, kernel_cosine(a)}, quadrant);
    return {lanes::flip_sign(v.sin, lanes::to_bits(x)), v.cos};
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {nan, nan};
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::sincos_detail
