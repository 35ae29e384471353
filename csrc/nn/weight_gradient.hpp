// The gradient of a layer's weights, dw = dy^T x, handed on tile by tile while it is in registers:
// to be stored, or to be used for an update at once.
#pragma once

#include "nn/small_gemm.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

// Sums of each of n columns of a matrix with padded rows.
inline void column_sums(const float* rows, ptrdiff_t count, ptrdiff_t n, float* sums) {
  const ptrdiff_t stride = padded(n);
  for (ptrdiff_t k = 0; k < n; k += kLanes) {
    F total{};
    for (ptrdiff_t r = 0; r < count; ++r) total += load(rows + r * stride + k);
    store_first(sums + k, total, n - k < kLanes ? n - k : kLanes);
  }
}

// Rows [0, rows) of dy^T x: the sum over the samples begin to end of dy[sample][row] * x[sample].
template <int rows, int width>
QWOP_ALWAYS_INLINE void outer_tile(const float* dy, ptrdiff_t dy_stride, const float* x,
                                   ptrdiff_t x_stride, ptrdiff_t samples,
                                   F (&product)[rows][width]) {
  for (ptrdiff_t s = 0; s < samples; ++s) {
    F columns[width];
#pragma GCC unroll 4
    for (int c = 0; c < width; ++c) columns[c] = load(x + s * x_stride + c * kLanes);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      const F factor = splat(dy[s * dy_stride + r]);
#pragma GCC unroll 4
      for (int c = 0; c < width; ++c) product[r][c] = fma(factor, columns[c], product[r][c]);
    }
  }
}

// A tile of a weight's gradient, handed on to `use`; the sums over the tile's rows of what `use`
// returns are added to `totals`. Row r of the tile begins at weight[at + r * row_stride], and the
// last vector of a row has `last` lanes.
template <int rows, int width, class Use>
QWOP_ALWAYS_INLINE void weight_tile(const float* dy, ptrdiff_t dy_stride, const float* x,
                                    ptrdiff_t x_stride, ptrdiff_t samples, ptrdiff_t at,
                                    ptrdiff_t row_stride, ptrdiff_t last, const Use& use_in_memory,
                                    float* totals) {
  F tile[rows][width] = {};
  outer_tile<rows, width>(dy, dy_stride, x, x_stride, samples, tile);
  const Use use = use_in_memory;  // a copy, which stays in registers
  F total[width] = {};
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < width - 1; ++c) {
      total[c] += use(at + r * row_stride + c * kLanes, tile[r][c], kLanes);
    }
    const ptrdiff_t end = at + r * row_stride + (width - 1) * kLanes;
    total[width - 1] +=
        last < kLanes ? use(end, tile[r][width - 1], last) : use(end, tile[r][width - 1], kLanes);
  }
#pragma GCC unroll 4
  for (int c = 0; c < width; ++c) {
    float* const to = totals + c * kLanes;
    store(to, load(to) + total[c]);
  }
}

// Some rows of a weight's gradient dy^T x, handed on to `use` tile by tile. Row r of dy^T is row
// r * row_step + first_row of the weight. The sums over all these rows of what `use` returns are
// added to `totals`, which is padded to whole vectors.
template <class Use>
inline void weight_gradient(const float* dy, ptrdiff_t dy_stride, ptrdiff_t rows, const float* x,
                            ptrdiff_t columns, ptrdiff_t samples, ptrdiff_t row_step,
                            ptrdiff_t first_row, const Use& use, float* totals) {
  const Panels panels(columns);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t column = panels.begin(p) * kLanes;
    const int width_here = panels.size(p);
    const ptrdiff_t left = columns - column - (width_here - 1) * kLanes;
    const ptrdiff_t last = left < kLanes ? left : kLanes;
    for (ptrdiff_t r0 = 0; r0 < rows; r0 += kTileRows) {
      const int rows_here = static_cast<int>(rows - r0 < kTileRows ? rows - r0 : kTileRows);
      with_constants(rows_here, width_here, [&](auto tile_rows, auto width) {
        weight_tile<decltype(tile_rows)::value, decltype(width)::value>(
            dy + r0, dy_stride, x + column, padded(columns), samples,
            (r0 * row_step + first_row) * columns + column, row_step * columns, last, use,
            totals + column);
      });
    }
  }
}

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
