// The quantile Huber loss of one transition and its gradient, in O(n log n) instead of n^2.
//
// With targets t_j and current quantiles c_i, d_ij = t_j - c_i and probability tau_i = (i + 1/2)/n,
// the loss of quantile i is  L_i = sum_j |tau_i - [d < 0]| h(d),  h(d) = d^2/2 for |d| <= 1, else
// |d| - 1/2.  What a pair contributes depends only on which side of c_i - 1, c_i and c_i + 1 the
// target lies, so sorted targets and the sums of their first k values and squares give L_i and its
// derivative from three searches. With
//   B(y) = sum_j max(y - t_j, 0)        H(y) = sum_j max(y - t_j, 0)^2 / 2
// the parts above and below c_i are
//   P = sum_j min(max(d, 0), 1) = n + B(c) - B(c + 1)     M = sum_j min(max(-d, 0), 1)
//                                                           = B(c) - B(c - 1)
//   -dL/dc = tau P - (1 - tau) M
//   L = tau (sum_j t_j - n (c + 1/2) - H(c) + H(c + 1)) + (1 - tau) (H(c) - H(c - 1)).
// The differences cancel, so everything after the search is float64 and relative to the median
// target; the result is closer to the exact one than a float32 sum over all pairs.
#pragma once

#include "nn/simd.hpp"

namespace qwop::learner::QWOP_ISA_NAMESPACE {

using namespace nn::QWOP_ISA_NAMESPACE;

using std::ptrdiff_t;

// Sorts the rows [0, n) of column lanes: each lane of data[0..n) is a list of its own. Batcher's
// merge exchange (Knuth, TAOCP 3, 5.2.2 M): the same comparisons whatever the values.
inline void sort_lanes(float* data, ptrdiff_t n) {
  if (n < 2) return;
  ptrdiff_t top = 1;
  while (top * 2 < n) top *= 2;
  for (ptrdiff_t p = top; p > 0; p /= 2) {
    ptrdiff_t q = top, r = 0, distance = p;
    for (;;) {
      for (ptrdiff_t block = r; block < n - distance; block += 2 * p) {
        const ptrdiff_t end = block + p < n - distance ? block + p : n - distance;
        for (ptrdiff_t i = block; i < end; ++i) {
          float* low = data + i * kLanes;
          float* high = data + (i + distance) * kLanes;
          const F a = load(low), b = load(high);
          store(low, min(a, b));
          store(high, max(a, b));
        }
      }
      if (q == p) break;
      distance = q - p;
      q /= 2;
      r = p;
    }
  }
}

// Levels of a search whose targets stay in registers: the last of them fills two.
inline constexpr int kLevels = kLanes == 16 ? 6 : kLanes == 8 ? 5 : 4;

// Size of a sorted row: a power of two beyond n, so that a search ends in 0..n.
inline ptrdiff_t sorted_size(ptrdiff_t n) {
  ptrdiff_t size = 1 << kLevels;
  while (size <= n) size *= 2;
  return size;
}

// The targets of kLanes transitions, sorted: row i of `sorted` (sorted_size(n) values, infinite
// from the n-th on) from rewards[i] + discounts[i] * the n next quantiles in row i of `next`, which
// is padded to whole vectors. `lanes` is scratch of n + kLanes vectors. Returns 0 in the lanes of
// rows that are finite, NaN in the others.
inline F sort_targets(const float* next, ptrdiff_t stride, ptrdiff_t n, const float* rewards,
                      const float* discounts, float* lanes, float* sorted) {
  const F reward = load(rewards), discount = load(discounts);
  F flaw{};
  for (ptrdiff_t j = 0; j < n; j += kLanes) {
    F tile[kLanes];
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) tile[i] = load(next + i * stride + j);
    transpose(tile);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      const F target = fma(discount, tile[i], reward);
      if (j + i < n) flaw = fma(target, F{}, flaw);
      store(lanes + (j + i) * kLanes, target);
    }
  }
  sort_lanes(lanes, n);
  const ptrdiff_t size = sorted_size(n);
  const F infinite = splat(__builtin_inff());
  for (ptrdiff_t j = n; j < n + kLanes; ++j) store(lanes + j * kLanes, infinite);
  for (ptrdiff_t j = 0; j < size; j += kLanes) {
    F tile[kLanes];
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      tile[i] = j < n ? load(lanes + (j + i) * kLanes) : infinite;
    }
    transpose(tile);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) store(sorted + i * size + j, tile[i]);
  }
  return flaw;
}

// x + (x shifted up by `by` lanes) + ... : each lane becomes the sum of itself and all lanes below.
template <int by, int... l>
QWOP_ALWAYS_INLINE D running_step(D x, std::integer_sequence<int, l...>) {
  using Shifted = std::integer_sequence<int, (l < by ? l : kHalf + l - by)...>;
  return x + shuffle(D{}, x, Shifted{});
}
template <int by = 1>
QWOP_ALWAYS_INLINE D running_sum(D x) {
  if constexpr (by < kHalf) {
    return running_sum<2 * by>(running_step<by>(x, HalfLanes{}));
  } else {
    return x;
  }
}

// Sums of the first k = 0..n sorted targets, less `origin`, and of their squares. `values` and
// `squares` hold round_up(n) + 1 numbers, those beyond the n-th infinite.
inline void prefix_sums(const float* sorted, ptrdiff_t n, double origin, double* values,
                        double* squares) {
  values[0] = squares[0] = 0.0;
  D value_sum{}, square_sum{};
  for (ptrdiff_t j = 0; j < n; j += kHalf) {
    const D t = widen(load_as<HalfF>(sorted + j)) - splat(origin);
    const D value = running_sum(t) + value_sum, square = running_sum(t * t) + square_sum;
    store(values + j + 1, value);
    store(squares + j + 1, square);
    value_sum = splat(value[kHalf - 1]);
    square_sum = splat(square[kHalf - 1]);
  }
}

// Counts how many sorted targets are less than each lane of y.
//
// A binary search, all lanes at once. Level l = 1, 2, ... compares with one of 2^(l-1) targets, so
// the targets of the upper levels fit in registers; only the lower ones are gathered from memory.
class Search {
 public:
  QWOP_ALWAYS_INLINE Search(const float* sorted, ptrdiff_t size) : sorted_(sorted), size_(size) {
    const I lane = lane_numbers();
#pragma GCC unroll 8
    for (int level = 0; level < kLevels; ++level) {
      const I wrapped = lane & splat((1 << level) - 1);
      const auto step = static_cast<std::int32_t>(size >> (level + 1));
      levels_[level] = gather(sorted + step - 1, wrapped * splat(2 * step));
    }
    const auto step = static_cast<std::int32_t>(size >> kLevels);
    last_ = gather(sorted + step - 1, (lane + splat(kLanes)) * splat(2 * step));
  }

  template <int queries>
  QWOP_ALWAYS_INLINE void operator()(const F (&y)[queries], I (&count)[queries]) const {
#pragma GCC unroll 8
    for (int q = 0; q < queries; ++q) count[q] = I{};
#pragma GCC unroll 8
    for (int level = 0; level < kLevels; ++level) {
#pragma GCC unroll 8
      for (int q = 0; q < queries; ++q) {
        F t = levels_[level];
        if (level + 1 == kLevels) {
          t = permute(t, last_, count[q]);
        } else if (level > 0) {
          t = permute(t, count[q]);
        }
        count[q] = add_where_less(count[q] + count[q], 1, t, y[q]);
      }
    }
    auto step = static_cast<std::int32_t>(size_ >> kLevels);
#pragma GCC unroll 8
    for (int q = 0; q < queries; ++q) count[q] *= splat(step);
    for (step /= 2; step > 0; step /= 2) {
#pragma GCC unroll 8
      for (int q = 0; q < queries; ++q) {
        count[q] = add_where_less(count[q], step, gather(sorted_ + step - 1, count[q]), y[q]);
      }
    }
  }

 private:
  const float* sorted_;
  ptrdiff_t size_;
  F levels_[kLevels], last_;
};

// B(y) and 2 H(y), see above, for half a vector.
struct Below {
  D linear, square2;
  QWOP_ALWAYS_INLINE Below(D y, HalfI count, const double* values, const double* squares) {
    const D sum_below = gather(values, count);
    linear = y * widen(count) - sum_below;
    square2 = y * (linear - sum_below) + gather(squares, count);
  }
};

struct QuantileTerms {
  D gradient, loss2;
};
QWOP_ALWAYS_INLINE QuantileTerms quantile_terms(D c, const HalfI (&count)[3], D tau, D rest,
                                                const double* values, const double* squares,
                                                double n, double total) {
  const D one = splat(1.0);
  const Below under(c - one, count[0], values, squares), at(c, count[1], values, squares),
      over(c + one, count[2], values, squares);
  const D above = splat(n) + at.linear - over.linear, below = at.linear - under.linear;
  const D loss_above2 = splat(2.0 * total - n) - splat(2.0 * n) * c - at.square2 + over.square2;
  const D loss_below2 = at.square2 - under.square2;
  return {rest * below - tau * above, tau * loss_above2 + rest * loss_below2};
}

// Scratch of one row's loss, allocated once: what is known of its n targets and of the places of
// its quantiles among them.
struct RowScratch {
  double *values, *squares;  // sums of the first k sorted targets and squares: n + kLanes + 1 each
  std::int32_t* counts;      // 3 * round_up(n): for each vector the targets below c - 1, c, c + 1
};

template <int vectors>
QWOP_ALWAYS_INLINE void count_below(const Search& search, const float* c, std::int32_t* counts) {
  F y[3 * vectors];
  I count[3 * vectors];
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
    const F here = load(c + v * kLanes);
    y[3 * v] = here - splat(1.0f);
    y[3 * v + 1] = here;
    y[3 * v + 2] = here + splat(1.0f);
  }
  search(y, count);
#pragma GCC unroll 16
  for (int q = 0; q < 3 * vectors; ++q) store(counts + q * kLanes, count[q]);
}

// Replaces the n current quantiles of one transition by scale * dL/dc and returns sum_i L_i.
//   c          n values, padded to whole vectors with anything finite
//   sorted     the sorted targets, sorted_size(n)
//   tau, rest  |tau_i - 0| and |tau_i - 1|; zero from the n-th on
inline double quantile_loss_row(float* c, const float* sorted, ptrdiff_t n, const double* tau,
                                const double* rest, float scale, const RowScratch& scratch) {
  const double origin = sorted[n / 2];
  prefix_sums(sorted, n, origin, scratch.values, scratch.squares);
  const Search search(sorted, sorted_size(n));
  // The searches first, several at a time: each is one long chain of dependent steps.
  constexpr int kTogether = 2;
  ptrdiff_t i = 0;
  for (; i + kTogether * kLanes <= n; i += kTogether * kLanes) {
    count_below<kTogether>(search, c + i, scratch.counts + 3 * i);
  }
  for (; i < n; i += kLanes) count_below<1>(search, c + i, scratch.counts + 3 * i);

  const auto total = scratch.values[n];
  D loss2{};
  for (i = 0; i < n; i += kHalf) {
    const std::int32_t* counts = scratch.counts + i / kLanes * 3 * kLanes + i % kLanes;
    const HalfI count[3] = {load_as<HalfI>(counts), load_as<HalfI>(counts + kLanes),
                            load_as<HalfI>(counts + 2 * kLanes)};
    const auto terms = quantile_terms(widen(load_as<HalfF>(c + i)) - splat(origin), count,
                                      load(tau + i), load(rest + i), scratch.values,
                                      scratch.squares, static_cast<double>(n), total);
    const HalfF gradient = narrow(terms.gradient * splat(static_cast<double>(scale)));
    __builtin_memcpy(c + i, &gradient, sizeof gradient);
    loss2 += terms.loss2;
  }
  return 0.5 * sum(loss2);
}

// Whether all of n values are finite.
inline bool all_finite(const float* values, ptrdiff_t n) {
  F zero{};
  ptrdiff_t i = 0;
  for (; i + kLanes <= n; i += kLanes) zero += load(values + i) * F{};
  zero += load_first(values + i, n - i) * F{};
  return sum(zero) == 0.0f;
}

}  // namespace qwop::learner::QWOP_ISA_NAMESPACE
