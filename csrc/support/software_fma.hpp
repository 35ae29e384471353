// a*b + c rounded once, by processors that cannot: of a double, or of many side by side.
//
// S. Boldo and G. Melquiond, "Emulation of FMA and Correctly Rounded Sums: Proved Algorithms Using
// Rounding to Odd" (2008). The exact product and sums are had as pairs of doubles; the last pair
// but one is rounded to odd, so that rounding what is left to nearest comes out as if nothing had
// been rounded before. It needs room in the exponents. Where there is none, which is never in a
// game, the sum is worked out in 128-bit integers.
//
// A C library's fma does the same in the tenth part of the speed, where it is right: MinGW's is
// not. For doubles see simd_f64_scalar.hpp, whose words are used here.
#pragma once

namespace qwop::lanes {
inline namespace QWOP_ISA_NAMESPACE {
namespace software {

// value + rest, exactly; value is the rounded result of what it is the pair of.
template <class F>
struct Pair {
  F value, rest;
};

// Knuth's.
template <class F>
QWOP_ALWAYS_INLINE Pair<F> exact_sum(F a, F b) {
  const F sum = a + b, of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}

// Dekker's, on halves of 26 bits by Veltkamp.
template <class F>
QWOP_ALWAYS_INLINE Pair<F> halves_of(F x) {
  const F scaled = F(0x1p27 + 1) * x, high = scaled - (scaled - x);
  return {high, x - high};
}
template <class F>
QWOP_ALWAYS_INLINE Pair<F> exact_product(F a, F b) {
  const F product = a * b;
  const auto [a_high, a_low] = halves_of(a);
  const auto [b_high, b_low] = halves_of(b);
  const F missing = ((product - a_high * b_high) - a_low * b_high) - a_high * b_low;
  return {product, a_low * b_low - missing};
}

// The sum of a pair rounded to odd: to the neighbor with an odd last bit if it is no double.
QWOP_ALWAYS_INLINE double to_odd(Pair<double> x) {
  const std::int64_t bits = to_bits(x.value);
  const std::int64_t away = (bits ^ to_bits(x.rest)) >> 63;  // -1 if the rest leads towards zero
  const std::int64_t inexact = -static_cast<std::int64_t>(x.rest != 0.0), even = (bits & 1) - 1;
  return from_bits(bits + ((away | 1) & inexact & even));
}
template <class F>
QWOP_ALWAYS_INLINE F to_odd(Pair<F> x) {
  const F zero = 0.0;
  const auto bits = to_bits(x.value);
  const auto away = (x.value < zero) ^ (x.rest < zero);
  return from_bits(bits + ((away | 1) & (x.rest != zero) & ((bits & 1) - 1)));
}

// Whether the two below may be used: nothing overflows, no bit of the product is lost below the
// smallest double. Factors of zero are allowed.
template <class F>
QWOP_ALWAYS_INLINE Mask<F> has_room(F a, F b, F c) {
  const F most = 0x1p900, least = 0x1p-900;
  const F a_size = abs(a), b_size = abs(b), size = abs(a * b);
  // The order tells NaNs: max and min give their second argument then.
  const Mask<F> below = both(max(max(a_size, b_size), size) < most, abs(c) < most);
  return both(below, either(size > least, min(a_size, b_size) == F(0.0)));
}

template <class F>
struct Attempt {
  F value;
  Mask<F> right;  // where value is known to be rounded right
};

// The last sum of two has an error below 2^-53 of itself. Where a little more and a little less of
// it come to the same, so does the true one (Ziv's test): nearly everywhere but at ties.
template <class F>
QWOP_ALWAYS_INLINE Attempt<F> nearly_fused(F a, F b, F c) {
  const Pair<F> product = exact_product(a, b);
  const Pair<F> sum = exact_sum(product.value, c);
  const F rest = sum.rest + product.rest;
  const F more = sum.value + rest * F(1 + 0x1p-51), less = sum.value + rest * F(1 - 0x1p-51);
  // Zeros keep the sign that plain addition gives them.
  return {select(more == F(0.0), sum.value, more), more == less};
}

template <class F>
[[gnu::noinline, gnu::cold]] F fused_by_odd(F a, F b, F c) {
  const Pair<F> product = exact_product(a, b);
  const Pair<F> low = exact_sum(c, product.rest);
  const Pair<F> high = exact_sum(product.value, low.value);
  const F sum = high.value + to_odd(exact_sum(low.rest, high.rest));
  return select(product.value == F(0.0), product.value + c, sum);
}

// ---- for everything else, in integers --------------------------------------------------------

struct Wide {
  std::uint64_t high, low;
};

inline Wide product_of(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t mask = 0xffffffff;
  const std::uint64_t low = (a & mask) * (b & mask), cross = (a >> 32) * (b & mask) + (low >> 32);
  const std::uint64_t other = (a & mask) * (b >> 32) + (cross & mask);
  return {(a >> 32) * (b >> 32) + (cross >> 32) + (other >> 32), other << 32 | (low & mask)};
}

inline Wide shifted_left(Wide x, int by) {
  if (by == 0) return x;
  if (by >= 64) return {x.low << (by - 64), 0};
  return {x.high << by | x.low >> (64 - by), x.low << by};
}

// What is shifted out leaves a last bit of 1, if it was not zero.
inline Wide shifted_right(Wide x, int by) {
  if (by == 0) return x;
  if (by >= 128) return {0, (x.high | x.low) != 0 ? 1u : 0u};
  const Wide lost = shifted_left(x, 128 - by);
  const std::uint64_t sticky = (lost.high | lost.low) != 0 ? 1 : 0;
  if (by >= 64) return {0, (by == 64 ? x.high : x.high >> (by - 64)) | sticky};
  return {x.high >> by, x.high << (64 - by) | x.low >> by | sticky};
}

inline bool less(Wide a, Wide b) { return a.high != b.high ? a.high < b.high : a.low < b.low; }

inline Wide sum_of(Wide a, Wide b) {
  const std::uint64_t low = a.low + b.low;
  return {a.high + b.high + (low < a.low ? 1 : 0), low};
}
inline Wide difference_of(Wide a, Wide b) {
  return {a.high - b.high - (a.low < b.low ? 1 : 0), a.low - b.low};
}

// A finite double other than zero: significand * 2^exponent, the significand of 53 bits.
struct Parts {
  std::uint64_t significand;
  int exponent;
};
inline Parts parts_of(double x) {
  const auto bits = static_cast<std::uint64_t>(to_bits(x));
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
  const int field = static_cast<int>(bits >> 52 & 0x7ff);
  if (field != 0) return {fraction | std::uint64_t{1} << 52, field - 1075};
  const int shift = __builtin_clzll(fraction) - 11;
  return {fraction << shift, -1074 - shift};
}

// x * 2^exponent, not zero and below 2^127, rounded to nearest.
inline double rounded(Wide x, int exponent, bool negative) {
  const int top = x.high != 0 ? 127 - __builtin_clzll(x.high) : 63 - __builtin_clzll(x.low);
  const int last = top + exponent - 52 > -1074 ? top + exponent - 52 : -1074;  // bit that is kept
  const int drop = last - exponent;
  std::uint64_t kept = 0;
  if (drop <= 0) {
    kept = x.low << -drop;
  } else {
    const Wide quarters = drop == 1 ? shifted_left(x, 1) : shifted_right(x, drop - 2);
    const std::uint64_t rest = quarters.low & 3;
    kept = quarters.low >> 2;
    if (rest == 3 || (rest == 2 && (kept & 1) != 0)) ++kept;
  }
  // A carry out of the significand goes where it belongs, into the exponent.
  const bool overflow = last + 1075 > 2046;
  const std::uint64_t bits = overflow ? std::uint64_t{0x7ff} << 52
                                      : (static_cast<std::uint64_t>(last + 1074) << 52) + kept;
  return flip_sign(from_bits(static_cast<std::int64_t>(bits)), negative ? kSignBit : 0);
}

[[gnu::noinline, gnu::cold]] inline double fused_in_integers(double a, double b, double c) {
  const double infinity = __builtin_inf();
  if (!(abs(a) < infinity) || !(abs(b) < infinity)) return a * b + c;
  if (!(abs(c) < infinity)) return c + c;
  if (a == 0.0 || b == 0.0) return a * b + c;
  if (c == 0.0) return a * b;
  const Parts pa = parts_of(a), pb = parts_of(b), pc = parts_of(c);
  // Both with bit 124 or 125 as the highest: room for a carry above and for what is lost below.
  Wide product = shifted_left(product_of(pa.significand, pb.significand), 20);
  Wide added = shifted_left({0, pc.significand}, 72);
  int exponent = pa.exponent + pb.exponent - 20;
  const int ahead = exponent - (pc.exponent - 72);
  if (ahead >= 0) {
    added = shifted_right(added, ahead);
  } else {
    product = shifted_right(product, -ahead);
    exponent -= ahead;
  }
  const bool product_negative = (to_bits(a) ^ to_bits(b)) < 0, negative = to_bits(c) < 0;
  if (product_negative == negative) return rounded(sum_of(product, added), exponent, negative);
  if (less(product, added)) return rounded(difference_of(added, product), exponent, negative);
  if (!less(added, product)) return 0.0;
  return rounded(difference_of(product, added), exponent, product_negative);
}

}  // namespace software

// Where has_room() is known to be true.
template <class F>
QWOP_ALWAYS_INLINE F fma_with_room(F a, F b, F c) {
  const auto attempt = software::nearly_fused(a, b, c);
  if (all(attempt.right)) [[likely]]
    return attempt.value;
  return software::fused_by_odd(a, b, c);
}

QWOP_ALWAYS_INLINE double fma_in_software(double a, double b, double c) {
  if (software::has_room(a, b, c)) [[likely]]
    return fma_with_room(a, b, c);
  return software::fused_in_integers(a, b, c);
}

// For lanes of at most a register's width.
template <class F>
QWOP_ALWAYS_INLINE F fma_in_software(F a, F b, F c) {
  if (all(software::has_room(a, b, c))) [[likely]]
    return fma_with_room(a, b, c);
  F fused;
  for (int i = 0; i < kWidth<F>; ++i) fused.set(i, fma_in_software(a[i], b[i], c[i]));
  return fused;
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::lanes
