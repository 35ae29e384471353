// The vocabulary of simd_f64.hpp for a plain double, and the traits every lane type has.
#pragma once

#include <cstdint>
#include <type_traits>

#include "support/isa.hpp"

// Whether __builtin_fma is an instruction, not a call of the C library.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
#define QWOP_HARDWARE_FMA 1
#endif

namespace qwop::lanes {
inline namespace QWOP_ISA_NAMESPACE {

// What belongs to a lane type: Mask (one truth value a lane), Bits (one 64-bit integer a lane) and
// the number of lanes. Specialized for double here and for SIMD vectors in simd_f64_vector.hpp.
template <class F>
struct Traits;

template <>
struct Traits<double> {
  using Mask = bool;
  using Bits = std::int64_t;
  static constexpr int kWidth = 1;
};

template <class F>
using Mask = typename Traits<F>::Mask;
template <class F>
using Bits = typename Traits<F>::Bits;
template <class F>
inline constexpr int kWidth = Traits<F>::kWidth;

// ---- choice --------------------------------------------------------------------------------

// yes where the mask is true, no elsewhere; both are evaluated.
QWOP_ALWAYS_INLINE constexpr double select(bool mask, double yes, double no) {
  return mask ? yes : no;
}
QWOP_ALWAYS_INLINE constexpr std::int64_t select(bool mask, std::int64_t yes, std::int64_t no) {
  return mask ? yes : no;
}
QWOP_ALWAYS_INLINE constexpr bool select(bool mask, bool yes, bool no) { return mask ? yes : no; }

QWOP_ALWAYS_INLINE constexpr bool any(bool mask) { return mask; }
QWOP_ALWAYS_INLINE constexpr bool all(bool mask) { return mask; }
// Masks combine with these rather than with && and ||, which vectors do not have.
QWOP_ALWAYS_INLINE constexpr bool both(bool a, bool b) { return a & b; }
QWOP_ALWAYS_INLINE constexpr bool either(bool a, bool b) { return a | b; }
QWOP_ALWAYS_INLINE constexpr bool negate(bool a) { return !a; }

// ---- arithmetic ----------------------------------------------------------------------------

QWOP_ALWAYS_INLINE constexpr double abs(double x) { return __builtin_fabs(x); }
QWOP_ALWAYS_INLINE constexpr double copysign(double magnitude, double sign) {
  return __builtin_copysign(magnitude, sign);
}
QWOP_ALWAYS_INLINE double sqrt(double x) { return __builtin_sqrt(x); }

// On a tie (zeros of either sign included) and on NaN the second argument is the result.
QWOP_ALWAYS_INLINE constexpr double min(double a, double b) { return a < b ? a : b; }
QWOP_ALWAYS_INLINE constexpr double max(double a, double b) { return a > b ? a : b; }
QWOP_ALWAYS_INLINE constexpr double clamp(double x, double low, double high) {
  return max(low, min(x, high));
}

// ---- bits ----------------------------------------------------------------------------------

QWOP_ALWAYS_INLINE constexpr std::int64_t to_bits(double x) {
  return __builtin_bit_cast(std::int64_t, x);
}
QWOP_ALWAYS_INLINE constexpr double from_bits(std::int64_t x) {
  return __builtin_bit_cast(double, x);
}

inline constexpr std::int64_t kSignBit = INT64_MIN;

// Flips the sign of x in lanes where bit 63 of sign is set.
QWOP_ALWAYS_INLINE constexpr double flip_sign(double x, std::int64_t sign) {
  return from_bits(to_bits(x) ^ (sign & kSignBit));
}

// ---- tables --------------------------------------------------------------------------------

// A row of four table entries, one value a lane in each.
template <class F>
struct Row {
  F v0, v1, v2, v3;
};

// Row number (low 32 bits of index, which must lie inside the table) of a table of four columns.
template <class F>
  requires(kWidth<F> == 1)
QWOP_ALWAYS_INLINE Row<F> lookup(const double (*table)[4], Bits<F> index) {
  const double* row = table[static_cast<std::uint32_t>(index)];
  return {row[0], row[1], row[2], row[3]};
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::lanes

#include "support/software_fma.hpp"

namespace qwop::lanes {
inline namespace QWOP_ISA_NAMESPACE {

// a*b + c rounded once, by the processor where the file is compiled for one that can.
QWOP_ALWAYS_INLINE double fma(double a, double b, double c) {
#if defined(QWOP_HARDWARE_FMA)
  return __builtin_fma(a, b, c);
#else
  return fma_in_software(a, b, c);
#endif
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::lanes
