// Sine and cosine with the bits of glibc 2.28 and later, in both of its builds.
//
// The algorithm (IBM's, as glibc carries it since 2.28): the argument is brought to a + da with
// |a| <= 0.8555, a + da is split at the nearest multiple of 1/128, and the remainder's short
// polynomials are combined with a table of sin and cos of k/128 in two parts. Sines of |a| < 0.126
// come from a Taylor-like polynomial instead. glibc's FMA build differs in that the compiler fused
// some products with the following addition; which ones is fixed here by mul_add and sub_mul.
#pragma once

#include <limits>

#include "libm/sincos_table.hpp"
#include "support/cpu_has_fma.hpp"
#include "support/simd_f64.hpp"

namespace qwop {
inline namespace QWOP_ISA_NAMESPACE {

template <class F>
struct SinCos {
  F sin, cos;
};

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop

namespace qwop::sincos_detail {
inline namespace QWOP_ISA_NAMESPACE {

using lanes::Bits;
using lanes::Mask;
using lanes::Row;

// Ends of the argument ranges (exclusive, in |x|). glibc compares high words; these doubles are the
// first of the next high word.
inline constexpr double kDirectEnd = 0.85546875;
inline constexpr double kMiddleEnd = 0x1.368fdp+1;  // 2.42626...
inline constexpr double kGlibcEnd = 0x1.921fbp+26;  // 105414336
inline constexpr double kTaylorEnd = 0.126;         // in |a|

// pi/2 as a sum of two doubles (middle range) and of four (above it).
inline constexpr double kHalfPi = 0x1.921fb54442d18p+0;
inline constexpr double kHalfPiRest = 0x1.1a62633145c07p-54;
inline constexpr double kHalfPi1 = 0x1.921fb58p+0;
inline constexpr double kHalfPi2 = -0x1.dde973cp-27;
inline constexpr double kHalfPi3 = -0x1.cb3b398p-55;
inline constexpr double kHalfPi4 = -0x1.d747f23e32ed7p-83;
inline constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

// Adding one of these rounds to a multiple of 1 or 1/128, whose number is then in the low bits.
inline constexpr double kToInteger = 0x1.8p+52;
inline constexpr double kToTable = 0x1.8p+45;

// An angle as the unevaluated sum value + rest.
template <class F>
struct Angle {
  F value, rest;
};

// Whether products that glibc's FMA build fuses with an addition are: not; by lanes::fma; the same
// for arguments of at least kRoom; or by the instruction, in a function that is compiled for
// processors that have it.
enum class Fused { kNo, kYes, kWithRoom, kByInstruction };

// From here on no product is smaller than 2^-900 but for zeros: what is left of an argument after
// subtractions is a multiple of its last bit, and of that the third power is taken at most.
inline constexpr double kRoom = 0x1p-200;

// a*b + c and c - a*b, with the product rounded or not.
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE F mul_add(F a, F b, F c) {
  if constexpr (kFused == Fused::kByInstruction) return __builtin_fma(a, b, c);
  if constexpr (kFused == Fused::kWithRoom) return lanes::fma_with_room(a, b, c);
  if constexpr (kFused == Fused::kYes) return lanes::fma(a, b, c);
  return a * b + c;
}
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE F sub_mul(F c, F a, F b) {
  if constexpr (kFused == Fused::kByInstruction) return __builtin_fma(-a, b, c);
  if constexpr (kFused == Fused::kWithRoom) return lanes::fma_with_room(-a, b, c);
  if constexpr (kFused == Fused::kYes) return lanes::fma(-a, b, c);
  return c - a * b;
}

// magnitude = k/128 + offset; the low 32 bits of index are k.
template <class F>
struct Nearest {
  F offset;
  Bits<F> index;
};

template <class F>
QWOP_ALWAYS_INLINE Nearest<F> nearest_row(F magnitude) {
  const F shifted = kToTable + magnitude;
  return {magnitude - (shifted - kToTable), lanes::to_bits(shifted)};
}

// x^3*(...) without the x^3, and x^2*(...): the tails of sin x = x + ..., cos x = 1 - ...
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE F odd_tail(F xx) {
  constexpr double kS3 = -0x1.5555555555515p-3, kS5 = 0x1.11110e829872fp-7;
  return mul_add<kFused>(xx, F(kS5), F(kS3));
}
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE F even_tail(F xx) {
  constexpr double kC2 = 0.5, kC4 = -0x1.5555555555535p-5, kC6 = 0x1.6c16bedd9e239p-10;
  return xx * mul_add<kFused>(xx, mul_add<kFused>(xx, F(kC6), F(kC4)), F(kC2));
}

// sin(a + da) for |a| < 0.126; loses the sign of a zero.
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE F sine_near_zero(Angle<F> a) {
  constexpr double kS1 = -0x1.5555555555555p-3, kS2 = 0x1.1111111110ecep-7,
                   kS3 = -0x1.a01a019db08b8p-13, kS4 = 0x1.71de27b9a7ed9p-19,
                   kS5 = -0x1.addffc2fcdf59p-26;
  const F xx = a.value * a.value;
  F p = mul_add<kFused>(F(kS5), xx, F(kS4));
  p = mul_add<kFused>(p, xx, F(kS3));
  p = mul_add<kFused>(p, xx, F(kS2));
  p = mul_add<kFused>(p, xx, F(kS1));
  const F t = mul_add<kFused>(p, a.value, -(F(0.5) * a.rest));
  return a.value + mul_add<kFused>(t, xx, a.rest);
}

// |sin(a + da)| for |a| >= 0.126, given a's nearest row; rest is da with the sign of a taken out.
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE F sine_from_table(F x, F rest, const Row<F>& row) {
  const auto [sn, sn_rest, cs, cs_rest] = row;
  const F xx = x * x;
  const F s = x + mul_add<kFused>(x * xx, odd_tail<kFused>(xx), rest);
  const F c = mul_add<kFused>(x, rest, even_tail<kFused>(xx));
  const F low = sub_mul<kFused>(mul_add<kFused>(s, cs_rest, sn_rest), c, sn);
  return sn + mul_add<kFused>(s, cs, low);
}

// cos(a + da), arguments as above.
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE F cosine_from_table(F offset, F rest, const Row<F>& row) {
  const auto [sn, sn_rest, cs, cs_rest] = row;
  const F x = offset + rest;
  const F xx = x * x;
  const F s = mul_add<kFused>(x * xx, odd_tail<kFused>(xx), x);
  const F c = even_tail<kFused>(xx);
  const F low = sub_mul<kFused>(sub_mul<kFused>(cs_rest, s, sn_rest), c, cs);
  return cs + sub_mul<kFused>(low, s, sn);
}

// pi/2 - |x|, as the cosine wants it (rest not yet added) and as the sine does (rest added).
template <class F>
QWOP_ALWAYS_INLINE Angle<F> complement(F magnitude) {
  return {kHalfPi - magnitude, F(kHalfPiRest)};
}
template <class F>
QWOP_ALWAYS_INLINE Angle<F> normalized(Angle<F> t) {
  const F value = t.value + t.rest;
  return {value, (t.value - value) + t.rest};
}

// x - n*pi/2 and n (in the low bits of quadrant); n is zero where x is not far.
template <class F>
struct Reduced {
  Angle<F> angle;
  Bits<F> quadrant;
};

template <Fused kFused, class F>
QWOP_ALWAYS_INLINE Reduced<F> reduce(F x, Mask<F> far) {
  const F shifted =
      lanes::select(far, mul_add<kFused>(x, F(kTwoOverPi), F(kToInteger)), F(kToInteger));
  const F n = shifted - kToInteger;
  const F y = sub_mul<kFused>(sub_mul<kFused>(x, n, F(kHalfPi1)), n, F(kHalfPi2));
  const F y3 = sub_mul<kFused>(y, n, F(kHalfPi3));
  const F rest3 = sub_mul<kFused>(y - y3, n, F(kHalfPi3));
  const F y4 = sub_mul<kFused>(y3, n, F(kHalfPi4));
  const F rest4 = sub_mul<kFused>(y3 - y4, n, F(kHalfPi4));
  return {{y4, rest3 + rest4}, lanes::to_bits(shifted)};
}

// Sine and cosine of a reduced angle.
template <Fused kFused>
QWOP_ALWAYS_INLINE SinCos<double> sincos_of_angle(Angle<double> a) {
  const auto [offset, index] = nearest_row(lanes::abs(a.value));
  const double rest = lanes::flip_sign(a.rest, lanes::to_bits(a.value));
  const auto row = lanes::lookup<double>(kTable, index);
  const double sine = lanes::abs(a.value) < kTaylorEnd ? sine_near_zero<kFused>(a)
                                                       : sine_from_table<kFused>(offset, rest, row);
  return {lanes::copysign(sine, a.value), cosine_from_table<kFused>(offset, rest, row)};
}

// The sine is the cosine of the complement and the other way round; the two spell the complement
// differently, so each looks up its own row.
template <Fused kFused>
QWOP_ALWAYS_INLINE SinCos<double> sincos_in_middle(double x) {
  const Angle<double> t = complement(lanes::abs(x));
  const Angle<double> a = normalized(t);
  const auto [t_offset, t_index] = nearest_row(lanes::abs(t.value));
  const double t_rest = lanes::flip_sign(t.rest, lanes::to_bits(t.value));
  const double sine =
      cosine_from_table<kFused>(t_offset, t_rest, lanes::lookup<double>(kTable, t_index));
  if (lanes::abs(a.value) < kTaylorEnd) {
    return {lanes::copysign(sine, x), sine_near_zero<kFused>(a)};
  }
  const auto [a_offset, a_index] = nearest_row(lanes::abs(a.value));
  const double a_rest = lanes::flip_sign(a.rest, lanes::to_bits(a.value));
  const double cosine =
      sine_from_table<kFused>(a_offset, a_rest, lanes::lookup<double>(kTable, a_index));
  return {lanes::copysign(sine, x), lanes::copysign(cosine, a.value)};
}

// Turns by quarter turns: quadrant's bit 0 exchanges the two, bit 1 is a half turn.
template <class F>
QWOP_ALWAYS_INLINE SinCos<F> turned(SinCos<F> v, Bits<F> quadrant) {
  const Mask<F> odd = (quadrant & 1) != 0;
  const F sine = lanes::select(odd, v.cos, v.sin), cosine = lanes::select(odd, v.sin, v.cos);
  return {lanes::flip_sign(sine, quadrant << 62), lanes::flip_sign(cosine, (quadrant + 1) << 62)};
}

// One double: a branch for each range, since the next angle of a body is mostly in the same one.
template <Fused kFused>
QWOP_ALWAYS_INLINE SinCos<double> sincos_glibc_scalar(double x) {
  const double magnitude = lanes::abs(x);
  if (magnitude < kDirectEnd) return sincos_of_angle<kFused>({x, 0.0});
  if (magnitude < kMiddleEnd) return sincos_in_middle<kFused>(x);
  if (magnitude < kGlibcEnd) {
    const Reduced<double> r = reduce<kFused>(x, true);
    return turned<double>(sincos_of_angle<kFused>(r.angle), r.quadrant);
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {nan, nan};
}

// QWOP_WITHOUT_FMA_INSTRUCTION: as a processor without it computes, for tests.
#if defined(__x86_64__) && !defined(QWOP_HARDWARE_FMA) && !defined(QWOP_WITHOUT_FMA_INSTRUCTION)
#define QWOP_FMA_AT_RUN_TIME 1
// The same compiled for processors with FMA, for builds that do not assume one.
__attribute__((target("avx,fma"))) inline SinCos<double> sincos_glibc_hardware_fma(double x) {
  return sincos_glibc_scalar<Fused::kByInstruction>(x);
}
#endif

QWOP_ALWAYS_INLINE SinCos<double> sincos_glibc_fma(double x) {
#ifdef QWOP_FMA_AT_RUN_TIME
  if (support::cpu_has_fma()) [[likely]]
    return sincos_glibc_hardware_fma(x);
#endif
#ifndef QWOP_HARDWARE_FMA
  if (lanes::abs(x) >= kRoom) [[likely]]
    return sincos_glibc_scalar<Fused::kWithRoom>(x);
#endif
  return sincos_glibc_scalar<Fused::kYes>(x);
}

// What many lanes, each in its own range, have to work out: the sine of one magnitude and the
// cosine of another (complements are spelled differently for the two), which is which, and their
// signs.
template <class F>
struct LanePlan {
  Angle<F> sine, cosine;           // values not negative, rests with the value's sign taken out
  Bits<F> sign;                    // sign bit of what the sine is of
  Mask<F> exchanged;               // the cosine found is the sine of x and the other way round
  Bits<F> sin_turned, cos_turned;  // sign bits that the quarter turns flip in the results
};

// Takes the quarter turns out of far magnitudes; none are in others, which stay as they are. Every
// other one of the widest registers has a far lane: there, always reducing costs less than wrong
// guesses whether to.
template <Fused kFused, class F>
QWOP_ALWAYS_INLINE Reduced<F> reduce_lanes(F magnitude, Mask<F> far) {
  if constexpr (lanes::kNativeWidth == 8) {
    return reduce<kFused>(magnitude, far);
  } else if constexpr (lanes::kWidth<F> > lanes::kNativeWidth) {
    const auto low = reduce_lanes<kFused>(magnitude.low, far.low);
    const auto high = reduce_lanes<kFused>(magnitude.high, far.high);
    return {{{low.angle.value, high.angle.value}, {low.angle.rest, high.angle.rest}},
            {low.quadrant, high.quadrant}};
  } else {
    if (!lanes::any(far)) return {{magnitude, F(0.0)}, Bits<F>(0)};
    return reduce<kFused>(magnitude, far);
  }
}

template <Fused kFused, class F>
QWOP_ALWAYS_INLINE LanePlan<F> plan_lanes(F x) {
  const F magnitude = lanes::abs(x);
  const Mask<F> far = magnitude >= F(kMiddleEnd);
  const Mask<F> middle = lanes::both(magnitude >= F(kDirectEnd), lanes::negate(far));
  const Reduced<F> r = reduce_lanes<kFused>(magnitude, far);
  // Middle range: the complement t, or a for the cosine of x, which has t's sign.
  const Angle<F> t = complement(magnitude), a = normalized(t);
  const F of_sine = lanes::select(middle, a.value, r.angle.value);
  const F of_cosine = lanes::select(middle, t.value, r.angle.value);
  const Bits<F> sign = lanes::to_bits(of_cosine);
  const auto rest = [&](F in_middle) {
    return lanes::flip_sign(lanes::select(middle, in_middle, r.angle.rest), sign);
  };
  const Bits<F> half_turn = r.quadrant << 62;
  return {{lanes::abs(of_sine), rest(a.rest)},
          {lanes::abs(of_cosine), rest(t.rest)},
          sign,
          lanes::either(middle, (r.quadrant & 1) != 0),
          half_turn,
          half_turn + (std::int64_t{1} << 62)};
}

template <Fused kFused>
[[gnu::noinline, gnu::cold]] inline void sincos_glibc_one_by_one(const double* x, double* sin,
                                                                 double* cos, int count) {
  for (int i = 0; i < count; ++i) {
    const auto [s, c] = sincos_glibc_scalar<kFused>(x[i]);
    sin[i] = s, cos[i] = c;
  }
}

template <Fused kFused, class F>
QWOP_ALWAYS_INLINE SinCos<F> sincos_glibc_lanes(F x) {
  const LanePlan<F> plan = plan_lanes<kFused>(x);
  const Nearest<F> s_near = nearest_row(plan.sine.value), c_near = nearest_row(plan.cosine.value);
  const Mask<F> inside = lanes::abs(x) < F(kGlibcEnd);
  // Never in a game, nearly: an angle outside the domain, whose row number may be any, or a
  // complement whose two spellings are nearest to different rows.
  if (!lanes::all(lanes::both(inside, s_near.index == c_near.index))) [[unlikely]] {
    constexpr int kWidth = lanes::kWidth<F>;
    double in[kWidth], sin[kWidth], cos[kWidth];
    x.store(in);
    sincos_glibc_one_by_one<kFused>(in, sin, cos, kWidth);
    return {F::load(sin), F::load(cos)};
  }
  const Row<F> row = lanes::lookup<F>(kTable, s_near.index);
  const F magnitude =
      lanes::select(plan.sine.value < F(kTaylorEnd), sine_near_zero<kFused>(plan.sine),
                    sine_from_table<kFused>(s_near.offset, plan.sine.rest, row));
  const F sine = lanes::flip_sign(magnitude, plan.sign);
  const F cosine = cosine_from_table<kFused>(c_near.offset, plan.cosine.rest, row);
  return {lanes::flip_sign(lanes::select(plan.exchanged, cosine, sine),
                           plan.sin_turned ^ lanes::to_bits(x)),
          lanes::flip_sign(lanes::select(plan.exchanged, sine, cosine), plan.cos_turned)};
}

template <class F>
QWOP_ALWAYS_INLINE SinCos<F> sincos_glibc_fma_lanes(F x) {
#ifdef QWOP_FMA_AT_RUN_TIME
  // One by one with the instruction is twenty times as fast as side by side without.
  if (support::cpu_has_fma()) [[likely]] {
    constexpr int kWidth = lanes::kWidth<F>;
    double in[kWidth], sin[kWidth], cos[kWidth];
    x.store(in);
    for (int i = 0; i < kWidth; ++i) {
      const auto [s, c] = sincos_glibc_hardware_fma(in[i]);
      sin[i] = s, cos[i] = c;
    }
    return {F::load(sin), F::load(cos)};
  }
#endif
#ifndef QWOP_HARDWARE_FMA
  if (lanes::all(lanes::abs(x) >= F(kRoom))) [[likely]]
    return sincos_glibc_lanes<Fused::kWithRoom>(x);
#endif
  return sincos_glibc_lanes<Fused::kYes>(x);
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::sincos_detail
