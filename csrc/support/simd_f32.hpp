// Vectors of float32 for the learner: one source, compiled once for each instruction set (isa.hpp).
//
// Unlike the game, which is reproduced bit for bit in float64 (simd_f64.hpp), the learner may fuse
// multiplications with additions and approximate: its results are float32 results, equal up to
// rounding whatever the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "support/isa.hpp"

namespace qwop::f32 {
inline namespace QWOP_ISA_NAMESPACE {

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define QWOP_F32_AVX512 1
inline constexpr int kLanes = 16;
#elif defined(__AVX2__) && defined(__FMA__)
#define QWOP_F32_AVX2 1
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif
inline constexpr int kHalf = kLanes / 2;

typedef float F __attribute__((vector_size(4 * kLanes)));
typedef std::int32_t I __attribute__((vector_size(4 * kLanes)));  // numbers, or masks of -1 and 0
typedef double D __attribute__((vector_size(8 * kHalf)));         // half as many lanes
typedef std::int32_t HalfI __attribute__((vector_size(4 * kHalf)));
typedef float HalfF __attribute__((vector_size(4 * kHalf)));

// x - 0 is x, also for -0, which compilers know; 0 + x would stay an addition.
QWOP_ALWAYS_INLINE F splat(float x) { return x - F{}; }
QWOP_ALWAYS_INLINE I splat(std::int32_t x) { return x - I{}; }
QWOP_ALWAYS_INLINE D splat(double x) { return x - D{}; }

using AllLanes = std::make_integer_sequence<int, kLanes>;
using HalfLanes = std::make_integer_sequence<int, kHalf>;
template <int... lanes>
QWOP_ALWAYS_INLINE I lanes_as_vector(std::integer_sequence<int, lanes...>) {
  return I{lanes...};
}
// 0, 1, 2, ...
QWOP_ALWAYS_INLINE I lane_numbers() { return lanes_as_vector(AllLanes{}); }

template <class V, class T>
QWOP_ALWAYS_INLINE V load_as(const T* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
QWOP_ALWAYS_INLINE F load(const float* p) { return load_as<F>(p); }
QWOP_ALWAYS_INLINE D load(const double* p) { return load_as<D>(p); }
QWOP_ALWAYS_INLINE void store(float* p, F v) { __builtin_memcpy(p, &v, sizeof v); }
QWOP_ALWAYS_INLINE void store(double* p, D v) { __builtin_memcpy(p, &v, sizeof v); }
QWOP_ALWAYS_INLINE void store(std::int32_t* p, I v) { __builtin_memcpy(p, &v, sizeof v); }

// The first n of the lanes, 0 <= n <= kLanes; memory behind them is not touched, and the other
// lanes read as zero. Whole vectors are told apart, since some processors take tens of cycles for
// any masked store (AVX2 on AMD's Zen).
QWOP_ALWAYS_INLINE F load_first(const float* p, std::ptrdiff_t n) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1u), p);
#elif defined(QWOP_F32_AVX2)
  if (n == kLanes) return load(p);
  return (F)_mm256_maskload_ps(p, (__m256i)(lane_numbers() < splat(static_cast<std::int32_t>(n))));
#else
  F v{};
  __builtin_memcpy(&v, p, static_cast<std::size_t>(n) * sizeof(float));
  return v;
#endif
}
QWOP_ALWAYS_INLINE void store_first(float* p, F v, std::ptrdiff_t n) {
#if defined(QWOP_F32_AVX512)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), (__m512)v);
#elif defined(QWOP_F32_AVX2)
  if (n == kLanes) return store(p, v);
  _mm256_maskstore_ps(p, (__m256i)(lane_numbers() < splat(static_cast<std::int32_t>(n))),
                      (__m256)v);
#else
  __builtin_memcpy(p, &v, static_cast<std::size_t>(n) * sizeof(float));
#endif
}

// a * b + c; fused where the processor can.
QWOP_ALWAYS_INLINE F fma(F a, F b, F c) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(QWOP_F32_AVX2)
  return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}
// c - a * b
QWOP_ALWAYS_INLINE F fnma(F a, F b, F c) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(QWOP_F32_AVX2)
  return (F)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return c - a * b;
#endif
}

QWOP_ALWAYS_INLINE F min(F a, F b) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(QWOP_F32_AVX2)
  return (F)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
  return (F)_mm_min_ps((__m128)a, (__m128)b);
#else
  return a < b ? a : b;
#endif
}
QWOP_ALWAYS_INLINE F max(F a, F b) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(QWOP_F32_AVX2)
  return (F)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
  return (F)_mm_max_ps((__m128)a, (__m128)b);
#else
  return a > b ? a : b;
#endif
}

// k + step where a < b, else k.
QWOP_ALWAYS_INLINE I add_where_less(I k, std::int32_t step, F a, F b) {
#if defined(QWOP_F32_AVX512)
  const __mmask16 less = _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
  return (I)_mm512_mask_add_epi32((__m512i)k, less, (__m512i)k, _mm512_set1_epi32(step));
#else
  return k + ((a < b) & splat(step));
#endif
}
// a where the mask is set, else b.
QWOP_ALWAYS_INLINE F select(I mask, F a, F b) { return (F)((mask & (I)a) | (~mask & (I)b)); }

// Lane i of the result is base[index of lane i]. The masked forms start from zero; the plain ones
// would wait for whatever was in the register before.
QWOP_ALWAYS_INLINE F gather(const float* base, I index) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xFFFF, (__m512i)index, base, 4);
#elif defined(QWOP_F32_AVX2)
  return (F)_mm256_mask_i32gather_ps(_mm256_setzero_ps(), base, (__m256i)index,
                                     (__m256)_mm256_set1_epi32(-1), 4);
#else
  return F{base[index[0]], base[index[1]], base[index[2]], base[index[3]]};
#endif
}
QWOP_ALWAYS_INLINE D gather(const double* base, HalfI index) {
#if defined(QWOP_F32_AVX512)
  return (D)_mm512_mask_i32gather_pd(_mm512_setzero_pd(), 0xFF, (__m256i)index, base, 8);
#elif defined(QWOP_F32_AVX2)
  return (D)_mm256_mask_i32gather_pd(_mm256_setzero_pd(), base, (__m128i)index,
                                     (__m256d)_mm256_set1_epi32(-1), 8);
#else
  return D{base[index[0]], base[index[1]]};
#endif
}
// Lane i of the result is lane (index of lane i, modulo kLanes) of the table.
QWOP_ALWAYS_INLINE F permute(F table, I index) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_permutexvar_ps((__m512i)index, (__m512)table);
#elif defined(QWOP_F32_AVX2)
  return (F)_mm256_permutevar8x32_ps((__m256)table, (__m256i)index);
#else
  return F{table[index[0] & 3], table[index[1] & 3], table[index[2] & 3], table[index[3] & 3]};
#endif
}

// The same with a table of two vectors, indices from 0 to 2 * kLanes - 1.
QWOP_ALWAYS_INLINE F permute(F low, F high, I index) {
#if defined(QWOP_F32_AVX512)
  return (F)_mm512_permutex2var_ps((__m512)low, (__m512i)index, (__m512)high);
#else
  return select(index < splat(kLanes), permute(low, index), permute(high, index - splat(kLanes)));
#endif
}

// gcc takes __builtin_convertvector apart into narrower conversions, so these are spelt out.
#if defined(QWOP_F32_AVX512)
QWOP_ALWAYS_INLINE D widen(HalfF v) { return (D)_mm512_cvtps_pd((__m256)v); }
QWOP_ALWAYS_INLINE D widen(HalfI v) { return (D)_mm512_cvtepi32_pd((__m256i)v); }
QWOP_ALWAYS_INLINE HalfF narrow(D v) { return (HalfF)_mm512_cvtpd_ps((__m512d)v); }
#elif defined(QWOP_F32_AVX2)
QWOP_ALWAYS_INLINE D widen(HalfF v) { return (D)_mm256_cvtps_pd((__m128)v); }
QWOP_ALWAYS_INLINE D widen(HalfI v) { return (D)_mm256_cvtepi32_pd((__m128i)v); }
QWOP_ALWAYS_INLINE HalfF narrow(D v) { return (HalfF)_mm256_cvtpd_ps((__m256d)v); }
#else
QWOP_ALWAYS_INLINE D widen(HalfF v) { return __builtin_convertvector(v, D); }
QWOP_ALWAYS_INLINE D widen(HalfI v) { return __builtin_convertvector(v, D); }
QWOP_ALWAYS_INLINE HalfF narrow(D v) { return __builtin_convertvector(v, HalfF); }
#endif

// Constant shuffles: lanes 0 to n - 1 are a's, n to 2n - 1 are b's.
template <int... lanes>
QWOP_ALWAYS_INLINE F shuffle(F a, F b, std::integer_sequence<int, lanes...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, lanes...);
#else
  return __builtin_shuffle(a, b, I{lanes...});
#endif
}
template <int... lanes>
QWOP_ALWAYS_INLINE D shuffle(D a, D b, std::integer_sequence<int, lanes...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, lanes...);
#else
  typedef std::int64_t Index __attribute__((vector_size(8 * kHalf)));
  return __builtin_shuffle(a, b, Index{lanes...});
#endif
}

template <int step, int... l>
QWOP_ALWAYS_INLINE void swap_blocks(F& a, F& b, std::integer_sequence<int, l...>) {
  using Low = std::integer_sequence<int, ((l & step) == 0 ? l : kLanes + l - step)...>;
  using High = std::integer_sequence<int, ((l & step) == 0 ? l + step : kLanes + l)...>;
  const F low = shuffle(a, b, Low{});
  b = shuffle(a, b, High{});
  a = low;
}
template <int step>
QWOP_ALWAYS_INLINE void transpose_steps(F (&rows)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if ((i & step) == 0) swap_blocks<step>(rows[i], rows[i + step], AllLanes{});
  }
  if constexpr (step > 1) transpose_steps<step / 2>(rows);
}
// Lane j of row i changes places with lane i of row j.
QWOP_ALWAYS_INLINE void transpose(F (&rows)[kLanes]) { transpose_steps<kLanes / 2>(rows); }

// Sums of all lanes, always added in the same order.
template <class V>
QWOP_ALWAYS_INLINE auto sum(V v) {
  constexpr int n = static_cast<int>(sizeof(V) / sizeof(v[0]));
  auto total = v[0];
#pragma GCC unroll 16
  for (int i = 1; i < n; ++i) total += v[i];
  return total;
}

// sqrt(x) for x >= 0, within one unit in the last place.
QWOP_ALWAYS_INLINE F sqrt(F x) {
#if defined(QWOP_F32_AVX512)
  // Newton's step on the processor's 14-bit estimate, half as long as its exact instruction. The
  // bound keeps the estimate finite at 0; no float32 square root is below it.
  const F estimate = (F)_mm512_rsqrt14_ps((__m512)max(splat(1e-37f), x));
  const F root = x * estimate;
  return fma(fnma(root, root, x), splat(0.5f) * estimate, root);
#elif defined(QWOP_F32_AVX2)
  return (F)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
  return (F)_mm_sqrt_ps((__m128)x);
#else
  return F{__builtin_sqrtf(x[0]), __builtin_sqrtf(x[1]), __builtin_sqrtf(x[2]),
           __builtin_sqrtf(x[3])};
#endif
}

// a / b for normal b, within one unit in the last place.
QWOP_ALWAYS_INLINE F divide(F a, F b) {
#if defined(QWOP_F32_AVX512)
  const F inverse = (F)_mm512_rcp14_ps((__m512)b);
  const F quotient = a * inverse;
  return fma(fnma(quotient, b, a), inverse, quotient);
#else
  return a / b;
#endif
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::f32
