// How matrices are divided into tiles that stay in registers, and weights laid out for them.
#pragma once

#include "nn/simd.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

using std::ptrdiff_t;

QWOP_ALWAYS_INLINE ptrdiff_t vectors_of(ptrdiff_t n) { return (n + kLanes - 1) / kLanes; }

// How n things are divided into parts of at most `most`, as evenly as possible: a tile of one row
// would wait for each of its multiply-adds.
struct Parts {
  ptrdiff_t total, count;
  Parts(ptrdiff_t n, ptrdiff_t most) : total(n), count((n + most - 1) / most) {}
  ptrdiff_t begin(ptrdiff_t part) const { return part * total / count; }
  int size(ptrdiff_t part) const { return static_cast<int>(begin(part + 1) - begin(part)); }
};

template <int n>
struct Constant {
  static constexpr int value = n;
};
// Calls f(rows, width) with constants for rows in 1..most_rows and width in 1..most_width.
template <int most_rows, int most_width, class Function>
QWOP_ALWAYS_INLINE void with_tile(int rows, int width, const Function& f) {
  if constexpr (most_rows > 1) {
    if (rows < most_rows) return with_tile<most_rows - 1, most_width>(rows, width, f);
  }
  if constexpr (most_width > 1) {
    if (width < most_width) return with_tile<most_rows, most_width - 1>(rows, width, f);
  }
  f(Constant<most_rows>{}, Constant<most_width>{});
}

// Lays columns [0, depth) of w's rows first, first + 1, ... (rows x depth, one row w_stride after
// the other) out as the panel that multiply_tile reads: depth x width vectors, the rows of w across
// the lanes, zero where w has no more rows.
inline void pack_panel(const float* w, ptrdiff_t w_stride, ptrdiff_t rows, ptrdiff_t depth,
                       int width, float* panel) {
  for (int c = 0; c < width; ++c) {
    for (ptrdiff_t k = 0; k < depth; k += kLanes) {
      const ptrdiff_t n = depth - k < kLanes ? depth - k : kLanes;
      F tile[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        const ptrdiff_t row = c * kLanes + i;
        const float* from = w + row * w_stride + k;
        tile[i] = row >= rows ? F{} : n == kLanes ? load(from) : load_first(from, n);
      }
      transpose(tile);
      float* to = panel + (k * width + c) * kLanes;
      for (ptrdiff_t i = 0; i < n; ++i) store(to + i * width * kLanes, tile[i]);
    }
  }
}

// A row of any length into a buffer padded to whole vectors.
inline void copy_padded(const float* from, ptrdiff_t n, float* to) {
  ptrdiff_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, load(from + i));
  if (i < n) store(to + i, load_first(from + i, n - i));
}

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
