// SIMD lane types: Lanes<W> is W doubles side by side, and every function of simd_f64.hpp works on
// it.
//
// Built on the vector extensions that gcc and clang share, which give each instruction set its own
// compares and blends from one source; intrinsics appear only where the extensions have no word
// (square root, fused multiply-add, table look-up). W is at most the machine's own vector width;
// simd_f64_wide.hpp makes wider types out of two halves.
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#include "support/simd_f64_scalar.hpp"

namespace qwop::lanes {
inline namespace QWOP_ISA_NAMESPACE {

// How many doubles one register of the instruction set compiled for holds.
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
inline constexpr int kNativeWidth = 8;
#elif defined(__AVX2__)
inline constexpr int kNativeWidth = 4;
#else
inline constexpr int kNativeWidth = 2;
#endif

// The compiler's own vector of W elements.
template <class T, int W>
struct VectorOf {
  static_assert(W >= 2 && (W & (W - 1)) == 0, "the width is a power of two");
  typedef T Type __attribute__((vector_size(sizeof(T) * W)));
};

// W 64-bit integers: the bits of W doubles, or a mask (all ones where true, zero where false).
template <int W>
struct LaneBits {
  using Vector = typename VectorOf<std::int64_t, W>::Type;
  using Unsigned = typename VectorOf<std::uint64_t, W>::Type;
  Vector v;

  LaneBits() = default;
  QWOP_ALWAYS_INLINE LaneBits(Vector vector) : v(vector) {}
  QWOP_ALWAYS_INLINE LaneBits(std::int64_t x) : v(Vector{} + x) {}

  QWOP_ALWAYS_INLINE std::int64_t operator[](int lane) const { return v[lane]; }

  // Modulo 2^64, as the instructions do it; signed numbers must not overflow in C++.
  friend QWOP_ALWAYS_INLINE LaneBits operator+(LaneBits a, LaneBits b) {
    return Vector(Unsigned(a.v) + Unsigned(b.v));
  }
  friend QWOP_ALWAYS_INLINE LaneBits operator-(LaneBits a, LaneBits b) {
    return Vector(Unsigned(a.v) - Unsigned(b.v));
  }
  friend QWOP_ALWAYS_INLINE LaneBits operator&(LaneBits a, LaneBits b) { return a.v & b.v; }
  friend QWOP_ALWAYS_INLINE LaneBits operator|(LaneBits a, LaneBits b) { return a.v | b.v; }
  friend QWOP_ALWAYS_INLINE LaneBits operator^(LaneBits a, LaneBits b) { return a.v ^ b.v; }
  friend QWOP_ALWAYS_INLINE LaneBits operator~(LaneBits a) { return ~a.v; }
  friend QWOP_ALWAYS_INLINE LaneBits operator<<(LaneBits a, int by) { return a.v << by; }
  friend QWOP_ALWAYS_INLINE LaneBits operator==(LaneBits a, LaneBits b) { return a.v == b.v; }
  friend QWOP_ALWAYS_INLINE LaneBits operator!=(LaneBits a, LaneBits b) { return a.v != b.v; }
};

template <int W>
struct Lanes {
  using Vector = typename VectorOf<double, W>::Type;
  using Bits = LaneBits<W>;
  using Mask = LaneBits<W>;
  Vector v;

  Lanes() = default;
  QWOP_ALWAYS_INLINE Lanes(Vector vector) : v(vector) {}
  // x - 0 is x for every x, the sign of a zero included; x + 0 is not.
  QWOP_ALWAYS_INLINE Lanes(double x) : v(x - Vector{}) {}

  static QWOP_ALWAYS_INLINE Lanes load(const double* from) {
    Lanes x;
    std::memcpy(&x.v, from, sizeof x.v);
    return x;
  }
  QWOP_ALWAYS_INLINE void store(double* to) const { std::memcpy(to, &v, sizeof v); }
  QWOP_ALWAYS_INLINE double operator[](int lane) const { return v[lane]; }
  QWOP_ALWAYS_INLINE void set(int lane, double x) { v[lane] = x; }

  friend QWOP_ALWAYS_INLINE Lanes operator+(Lanes a, Lanes b) { return a.v + b.v; }
  friend QWOP_ALWAYS_INLINE Lanes operator-(Lanes a, Lanes b) { return a.v - b.v; }
  friend QWOP_ALWAYS_INLINE Lanes operator*(Lanes a, Lanes b) { return a.v * b.v; }
  friend QWOP_ALWAYS_INLINE Lanes operator/(Lanes a, Lanes b) { return a.v / b.v; }
  friend QWOP_ALWAYS_INLINE Lanes operator-(Lanes a) { return -a.v; }
  friend QWOP_ALWAYS_INLINE Lanes& operator+=(Lanes& a, Lanes b) { return a = a + b; }
  friend QWOP_ALWAYS_INLINE Lanes& operator-=(Lanes& a, Lanes b) { return a = a - b; }
  friend QWOP_ALWAYS_INLINE Lanes& operator*=(Lanes& a, Lanes b) { return a = a * b; }
  friend QWOP_ALWAYS_INLINE Mask operator<(Lanes a, Lanes b) { return a.v < b.v; }
  friend QWOP_ALWAYS_INLINE Mask operator<=(Lanes a, Lanes b) { return a.v <= b.v; }
  friend QWOP_ALWAYS_INLINE Mask operator>(Lanes a, Lanes b) { return a.v > b.v; }
  friend QWOP_ALWAYS_INLINE Mask operator>=(Lanes a, Lanes b) { return a.v >= b.v; }
  friend QWOP_ALWAYS_INLINE Mask operator==(Lanes a, Lanes b) { return a.v == b.v; }
  friend QWOP_ALWAYS_INLINE Mask operator!=(Lanes a, Lanes b) { return a.v != b.v; }
};

template <int W>
struct Traits<Lanes<W>> {
  using Mask = LaneBits<W>;
  using Bits = LaneBits<W>;
  static constexpr int kWidth = W;
};

// ---- choice --------------------------------------------------------------------------------

template <int W>
QWOP_ALWAYS_INLINE Lanes<W> select(LaneBits<W> mask, Lanes<W> yes, Lanes<W> no) {
  return mask.v ? yes.v : no.v;
}
template <int W>
QWOP_ALWAYS_INLINE LaneBits<W> select(LaneBits<W> mask, LaneBits<W> yes, LaneBits<W> no) {
  return mask.v ? yes.v : no.v;
}
template <int W>
QWOP_ALWAYS_INLINE LaneBits<W> both(LaneBits<W> a, LaneBits<W> b) {
  return a & b;
}
template <int W>
QWOP_ALWAYS_INLINE LaneBits<W> either(LaneBits<W> a, LaneBits<W> b) {
  return a | b;
}
template <int W>
QWOP_ALWAYS_INLINE LaneBits<W> negate(LaneBits<W> a) {
  return ~a;
}

// One bit a lane, lane 0 lowest; up to 32 lanes.
template <int W>
QWOP_ALWAYS_INLINE unsigned lane_bits(LaneBits<W> mask) {
#if defined(__AVX512DQ__) && defined(__AVX512VL__)
  if constexpr (W == 8) return _mm512_movepi64_mask(reinterpret_cast<__m512i>(mask.v));
#endif
#if defined(__AVX__)
  if constexpr (W == 4) {
    return static_cast<unsigned>(_mm256_movemask_pd(reinterpret_cast<__m256d>(mask.v)));
  }
#endif
#if defined(__SSE2__)
  if constexpr (W == 2) {
    return static_cast<unsigned>(_mm_movemask_pd(reinterpret_cast<__m128d>(mask.v)));
  }
#elif defined(__wasm_simd128__)
  if constexpr (W == 2) {
    return static_cast<unsigned>(wasm_i64x2_bitmask(reinterpret_cast<v128_t>(mask.v)));
  }
#endif
  unsigned bits = 0;
  for (int i = 0; i < W; ++i) bits |= (mask[i] < 0 ? 1u : 0u) << i;
  return bits;
}
// And back.
template <class F>
  requires(kWidth<F> > 1 && kWidth<F> <= kNativeWidth)
QWOP_ALWAYS_INLINE Mask<F> mask_of(unsigned bits) {
  typename Bits<F>::Vector lane_bit;
  for (int i = 0; i < kWidth<F>; ++i) lane_bit[i] = std::int64_t{1} << i;
  return Bits<F>((Bits<F>(std::int64_t{bits}).v & lane_bit) != 0);
}
template <int W>
QWOP_ALWAYS_INLINE bool any(LaneBits<W> mask) {
  return lane_bits(mask) != 0;
}
template <int W>
QWOP_ALWAYS_INLINE bool all(LaneBits<W> mask) {
  return lane_bits(mask) == (1u << W) - 1;
}

// ---- arithmetic ----------------------------------------------------------------------------

template <int W>
QWOP_ALWAYS_INLINE LaneBits<W> to_bits(Lanes<W> x) {
  return reinterpret_cast<typename LaneBits<W>::Vector>(x.v);
}
template <int W>
QWOP_ALWAYS_INLINE Lanes<W> from_bits(LaneBits<W> x) {
  return reinterpret_cast<typename Lanes<W>::Vector>(x.v);
}

template <int W>
QWOP_ALWAYS_INLINE Lanes<W> flip_sign(Lanes<W> x, LaneBits<W> sign) {
  return from_bits(to_bits(x) ^ (sign & kSignBit));
}
template <int W>
QWOP_ALWAYS_INLINE Lanes<W> abs(Lanes<W> x) {
  return from_bits(to_bits(x) & ~kSignBit);
}
template <int W>
QWOP_ALWAYS_INLINE Lanes<W> copysign(Lanes<W> magnitude, Lanes<W> sign) {
  return from_bits((to_bits(magnitude) & ~kSignBit) | (to_bits(sign) & kSignBit));
}
template <int W>
QWOP_ALWAYS_INLINE Lanes<W> min(Lanes<W> a, Lanes<W> b) {
#if defined(__AVX512F__)
  if constexpr (W == 8) return typename Lanes<W>::Vector(_mm512_maskz_min_pd(0xff, a.v, b.v));
#endif
#if defined(__AVX__)
  if constexpr (W == 4) return typename Lanes<W>::Vector(_mm256_min_pd(a.v, b.v));
#endif
#if defined(__SSE2__)
  if constexpr (W == 2) return typename Lanes<W>::Vector(_mm_min_pd(a.v, b.v));
#elif defined(__wasm_simd128__)
  // b first: like SSE2's, it gives b where they are equal or not numbers.
  if constexpr (W == 2) {
    return reinterpret_cast<typename Lanes<W>::Vector>(
        wasm_f64x2_pmin(reinterpret_cast<v128_t>(b.v), reinterpret_cast<v128_t>(a.v)));
  }
#endif
  return a.v < b.v ? a.v : b.v;
}
template <int W>
QWOP_ALWAYS_INLINE Lanes<W> max(Lanes<W> a, Lanes<W> b) {
#if defined(__AVX512F__)
  if constexpr (W == 8) return typename Lanes<W>::Vector(_mm512_maskz_max_pd(0xff, a.v, b.v));
#endif
#if defined(__AVX__)
  if constexpr (W == 4) return typename Lanes<W>::Vector(_mm256_max_pd(a.v, b.v));
#endif
#if defined(__SSE2__)
  if constexpr (W == 2) return typename Lanes<W>::Vector(_mm_max_pd(a.v, b.v));
#elif defined(__wasm_simd128__)
  if constexpr (W == 2) {
    return reinterpret_cast<typename Lanes<W>::Vector>(
        wasm_f64x2_pmax(reinterpret_cast<v128_t>(b.v), reinterpret_cast<v128_t>(a.v)));
  }
#endif
  return a.v > b.v ? a.v : b.v;
}
template <int W>
QWOP_ALWAYS_INLINE Lanes<W> clamp(Lanes<W> x, std::type_identity_t<Lanes<W>> low,
                                  std::type_identity_t<Lanes<W>> high) {
  return max(low, min(x, high));
}

template <int W>
QWOP_ALWAYS_INLINE Lanes<W> sqrt(Lanes<W> x) {
#if defined(__AVX512F__)
  if constexpr (W == 8) return typename Lanes<W>::Vector(_mm512_maskz_sqrt_pd(0xff, x.v));
#endif
#if defined(__AVX__)
  if constexpr (W == 4) return typename Lanes<W>::Vector(_mm256_sqrt_pd(x.v));
#endif
#if defined(__SSE2__)
  if constexpr (W == 2) return typename Lanes<W>::Vector(_mm_sqrt_pd(x.v));
#elif defined(__wasm_simd128__)
  if constexpr (W == 2) {
    return reinterpret_cast<typename Lanes<W>::Vector>(
        wasm_f64x2_sqrt(reinterpret_cast<v128_t>(x.v)));
  }
#endif
  Lanes<W> root;
  for (int i = 0; i < W; ++i) root.set(i, __builtin_sqrt(x[i]));
  return root;
}

template <int W>
QWOP_ALWAYS_INLINE Lanes<W> fma(Lanes<W> a, Lanes<W> b, Lanes<W> c) {
#if defined(__AVX512F__)
  if constexpr (W == 8) return typename Lanes<W>::Vector(_mm512_fmadd_pd(a.v, b.v, c.v));
#endif
#if defined(__FMA__)
  if constexpr (W == 4) return typename Lanes<W>::Vector(_mm256_fmadd_pd(a.v, b.v, c.v));
  if constexpr (W == 2) return typename Lanes<W>::Vector(_mm_fmadd_pd(a.v, b.v, c.v));
#endif
#if defined(QWOP_HARDWARE_FMA)
  Lanes<W> fused;
  for (int i = 0; i < W; ++i) fused.set(i, __builtin_fma(a[i], b[i], c[i]));
  return fused;
#else
  return fma_in_software(a, b, c);
#endif
}

// ---- tables --------------------------------------------------------------------------------

#if defined(__AVX__)
// row(lane) points at the four values of a lane; 128-bit halves go to their place while loading.
template <class F, class RowOf>
QWOP_ALWAYS_INLINE Row<F> transpose_rows_4(const RowOf& row) {
  using Vector = typename F::Vector;
  const auto halves = [&](int low, int high, int column) {
    return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_load_pd(row(low) + column)),
                                _mm_load_pd(row(high) + column), 1);
  };
  const __m256d a = halves(0, 2, 0), b = halves(1, 3, 0), c = halves(0, 2, 2), d = halves(1, 3, 2);
  return {Vector(_mm256_unpacklo_pd(a, b)), Vector(_mm256_unpackhi_pd(a, b)),
          Vector(_mm256_unpacklo_pd(c, d)), Vector(_mm256_unpackhi_pd(c, d))};
}
#endif

#if defined(__AVX512F__) && defined(__AVX512DQ__)
// The maskz forms with every lane on are the plain instructions; gcc 12 warns of the plain
// intrinsics, whose header passes an undefined vector.
template <class F, class RowOf>
QWOP_ALWAYS_INLINE Row<F> transpose_rows_8(const RowOf& row) {
  using Vector = typename F::Vector;
  constexpr __mmask8 kAll = 0xff;
  const auto halves = [&](int low, int high) {
    return _mm512_maskz_insertf64x4(kAll, _mm512_castpd256_pd512(_mm256_load_pd(row(low))),
                                    _mm256_load_pd(row(high)), 1);
  };
  const __m512d a = halves(0, 2), b = halves(1, 3), c = halves(4, 6), d = halves(5, 7);
  const __m512d even_low = _mm512_maskz_unpacklo_pd(kAll, a, b);   // columns 0 and 2, lanes 0-3
  const __m512d even_high = _mm512_maskz_unpacklo_pd(kAll, c, d);  // lanes 4-7
  const __m512d odd_low = _mm512_maskz_unpackhi_pd(kAll, a, b);    // columns 1 and 3
  const __m512d odd_high = _mm512_maskz_unpackhi_pd(kAll, c, d);
  return {Vector(_mm512_maskz_shuffle_f64x2(kAll, even_low, even_high, 0x88)),
          Vector(_mm512_maskz_shuffle_f64x2(kAll, odd_low, odd_high, 0x88)),
          Vector(_mm512_maskz_shuffle_f64x2(kAll, even_low, even_high, 0xdd)),
          Vector(_mm512_maskz_shuffle_f64x2(kAll, odd_low, odd_high, 0xdd))};
}
#endif

// Each row is loaded whole and the rows are transposed. Gather instructions are 5 % faster inside a
// sincos on Intel's Golden Cove, but slow on AMD's cores and on Intel's earlier ones.
template <class F>
  requires(kWidth<F> > 1 && kWidth<F> <= kNativeWidth)
QWOP_ALWAYS_INLINE Row<F> lookup(const double (*table)[4], Bits<F> index) {
  const auto row = [&](int lane) { return table[static_cast<std::uint32_t>(index[lane])]; };
#if defined(__AVX512F__) && defined(__AVX512DQ__)
  if constexpr (kWidth<F> == 8) return transpose_rows_8<F>(row);
#endif
#if defined(__AVX__)
  if constexpr (kWidth<F> == 4) return transpose_rows_4<F>(row);
#endif
  Row<F> rows;
  for (int i = 0; i < kWidth<F>; ++i) {
    rows.v0.set(i, row(i)[0]);
    rows.v1.set(i, row(i)[1]);
    rows.v2.set(i, row(i)[2]);
    rows.v3.set(i, row(i)[3]);
  }
  return rows;
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::lanes
