// Products of small float32 matrices, whose rows may stand in any order: the work of batches of
// some dozen transitions.
//
// Forward, y = x w^T + b, reads weights that pack() has laid out in panels; backward, dx = dy w,
// reads them as they are; both are the same tile: a few rows of x against a few vectors of columns,
// held in registers. weight_gradient.hpp has the third product of a layer, dw = dy^T x.
#pragma once

#include "nn/tiles.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

// Rows and vectors of columns of a tile. The shapes of gemm.hpp would make QR-DQN's update a
// quarter slower (batch 64, layers of 64) to two thirds (batch 256, layers of 256), and these ones
// PPO's with layers of 256 a third: so there are two. A weight's gradient is summed in tiles of
// kTileRows, which decides bits of greedy actions (see sum_head). 4 x 4 accumulators hide the
// latency of the multiply-add and leave registers for the operands; with 16 registers only 4 x 2
// fit.
inline constexpr int kTileRows = 4;
inline constexpr int kTileVectors = kLanes == 16 ? 4 : 2;

// Of columns into panels of a few vectors.
struct Panels : Parts {
  explicit Panels(ptrdiff_t columns) : Parts(vectors_of(columns), kTileVectors) {}
};

template <class Function>
QWOP_ALWAYS_INLINE void with_constants(int rows, int width, const Function& f) {
  with_tile<kTileRows, kTileVectors>(rows, width, f);
}

// Adds to y (rows x width vectors) the product of x (rows x depth) and w (depth x width vectors).
// Only the first `last` lanes of w's last vector exist.
template <int rows, int width>
QWOP_ALWAYS_INLINE void multiply_tile(const float* const* x, ptrdiff_t depth, const float* w,
                                      ptrdiff_t w_stride, ptrdiff_t last, F (&y)[rows][width]) {
  const auto step = [&](ptrdiff_t k, F tail) {
    F columns[width];
#pragma GCC unroll 4
    for (int c = 0; c < width - 1; ++c) columns[c] = load(w + k * w_stride + c * kLanes);
    columns[width - 1] = tail;
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      const F factor = splat(x[r][k]);
#pragma GCC unroll 4
      for (int c = 0; c < width; ++c) y[r][c] = fma(factor, columns[c], y[r][c]);
    }
  };
  const float* end = w + (width - 1) * kLanes;
  if (last == kLanes) {
    for (ptrdiff_t k = 0; k < depth; ++k) step(k, load(end + k * w_stride));
  } else {
    for (ptrdiff_t k = 0; k < depth; ++k) step(k, load_first(end + k * w_stride, last));
  }
}

// A whole matrix (rows x depth) as panels one behind the other: depth * round_up(rows) floats.
inline void pack(const float* w, ptrdiff_t w_stride, ptrdiff_t rows, ptrdiff_t depth,
                 float* packed) {
  const Panels panels(rows);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    pack_panel(w + first * w_stride, w_stride, rows - first, depth, panels.size(p),
               packed + first * depth);
  }
}

// Rows of a matrix: row i of a tile is row first + i, or row index[first + i] where there is an
// index.
struct Rows {
  float* data;
  ptrdiff_t stride;
  const std::int32_t* index = nullptr;
  float* operator[](ptrdiff_t i) const { return data + (index ? index[i] : i) * stride; }
};

// Columns `first_vector`... of y = f(x panel + bias) for rows begin to end.
template <class Function>
inline void forward_panel(Rows x, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t depth,
                          const float* panel, int panel_width, const float* bias, Rows y,
                          ptrdiff_t first_column, Function activation) {
  const Parts tiles(end - begin, kTileRows);
  for (ptrdiff_t t = 0; t < tiles.count; ++t) {
    const ptrdiff_t r0 = begin + tiles.begin(t);
    with_constants(tiles.size(t), panel_width, [&](auto rows_constant, auto width_constant) {
      constexpr int rows = decltype(rows_constant)::value;
      constexpr int width = decltype(width_constant)::value;
      F tile[rows][width];
      const float* from[rows];
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        from[r] = x[r0 + r];
#pragma GCC unroll 4
        for (int c = 0; c < width; ++c) tile[r][c] = load(bias + first_column + c * kLanes);
      }
      multiply_tile<rows, width>(from, depth, panel, width * kLanes, kLanes, tile);
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
        for (int c = 0; c < width; ++c) {
          store(y[r0 + r] + first_column + c * kLanes, activation(tile[r][c]));
        }
      }
    });
  }
}

// y = f(x w^T + bias) for rows begin to end, w packed; bias and y padded to whole vectors.
template <class Function>
inline void forward(Rows x, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t depth, const float* packed,
                    const float* bias, ptrdiff_t columns, Rows y, Function activation) {
  const Panels panels(columns);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    forward_panel(x, begin, end, depth, packed + first * depth, panels.size(p), bias, y, first,
                  activation);
  }
}

// dx += dy w, or = where `fresh`, for rows begin to end; w is rows x columns, one row w_stride
// after the other, and dx is padded to whole vectors.
inline void backward(Rows dy, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t rows_of_w, const float* w,
                     ptrdiff_t w_stride, ptrdiff_t columns, bool fresh, Rows dx) {
  const Parts tiles(end - begin, kTileRows);
  const Panels panels(columns);
  for (ptrdiff_t t = 0; t < tiles.count; ++t) {
    const ptrdiff_t r0 = begin + tiles.begin(t);
    for (ptrdiff_t p = 0; p < panels.count; ++p) {
      const ptrdiff_t first = panels.begin(p) * kLanes;
      with_constants(tiles.size(t), panels.size(p), [&](auto rows_constant, auto width_constant) {
        constexpr int rows = decltype(rows_constant)::value;
        constexpr int width = decltype(width_constant)::value;
        F tile[rows][width] = {};
        const float* from[rows];
        float* to[rows];
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) {
          from[r] = dy[r0 + r];
          to[r] = dx[r0 + r] + first;
#pragma GCC unroll 4
          for (int c = 0; c < width; ++c) tile[r][c] = fresh ? F{} : load(to[r] + c * kLanes);
        }
        const ptrdiff_t left = columns - first - (width - 1) * kLanes;
        multiply_tile<rows, width>(from, rows_of_w, w + first, w_stride,
                                   left < kLanes ? left : kLanes, tile);
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
          for (int c = 0; c < width; ++c) store(to[r] + c * kLanes, tile[r][c]);
        }
      });
    }
  }
}

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
