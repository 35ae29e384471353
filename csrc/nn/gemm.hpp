// Products of float32 matrices of some hundred rows and columns: the work of large batches.
//
// A tile of the result stays in registers while the inner loop runs over the depth. Rows lie an odd
// number of cache lines apart (see row_stride), so that a column of lines falls into all places of
// the first-level cache and matrices can be read as they are.
#pragma once

#include "nn/tiles.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

// Rows and vectors of columns of a tile: as many accumulators as leave registers for the operands,
// and each vector of b that is read is used in as many rows as there are.
inline constexpr int kGemmRows = kLanes == 16 ? 8 : kLanes == 8 ? 6 : 4;
inline constexpr int kGemmVectors = kLanes == 16 ? 3 : 2;

// Of columns into panels.
struct GemmPanels : Parts {
  explicit GemmPanels(ptrdiff_t columns) : Parts(vectors_of(columns), kGemmVectors) {}
};

// The left operand, read by row r and depth k.
struct ByRows {
  const float* data;
  ptrdiff_t stride;
  QWOP_ALWAYS_INLINE ByRows from(ptrdiff_t row) const { return {data + row * stride, stride}; }
  QWOP_ALWAYS_INLINE float operator()(int r, ptrdiff_t k) const { return data[r * stride + k]; }
};
struct ByColumns {  // the transposed of a matrix with rows `stride` apart
  const float* data;
  ptrdiff_t stride;
  QWOP_ALWAYS_INLINE ByColumns from(ptrdiff_t row) const { return {data + row, stride}; }
  QWOP_ALWAYS_INLINE float operator()(int r, ptrdiff_t k) const { return data[k * stride + r]; }
};

// The right operand: `depth` rows as they are, or panels as pack_panel() lays them out.
struct Plain {
  const float* data;
  ptrdiff_t stride;
  QWOP_ALWAYS_INLINE const float* panel(ptrdiff_t first, ptrdiff_t) const { return data + first; }
  QWOP_ALWAYS_INLINE ptrdiff_t step(int) const { return stride; }
};
struct Packed {
  const float* data;
  QWOP_ALWAYS_INLINE const float* panel(ptrdiff_t first, ptrdiff_t depth) const {
    return data + first * depth;
  }
  QWOP_ALWAYS_INLINE ptrdiff_t step(int width) const { return width * kLanes; }
};

// What a tile begins with.
struct FromZero {
  QWOP_ALWAYS_INLINE F operator()(const float*, ptrdiff_t) const { return F{}; }
};
struct FromResult {
  QWOP_ALWAYS_INLINE F operator()(const float* result, ptrdiff_t) const { return load(result); }
};
struct FromBias {
  const float* bias;  // padded to whole vectors
  QWOP_ALWAYS_INLINE F operator()(const float*, ptrdiff_t column) const {
    return load(bias + column);
  }
};

template <int rows, int width, class A, class Start>
[[gnu::noinline]] void gemm_tile(A a, ptrdiff_t depth, const float* b, ptrdiff_t b_step,
                                 Start start, ptrdiff_t column, float* c, ptrdiff_t c_stride) {
  F tile[rows][width];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < width; ++v) {
      tile[r][v] = start(c + r * c_stride + v * kLanes, column + v * kLanes);
    }
  }
  for (ptrdiff_t k = 0; k < depth; ++k) {
    F columns[width];
#pragma GCC unroll 4
    for (int v = 0; v < width; ++v) columns[v] = load(b + k * b_step + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const F factor = splat(a(r, k));
#pragma GCC unroll 4
      for (int v = 0; v < width; ++v) tile[r][v] = fma(factor, columns[v], tile[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < width; ++v) store(c + r * c_stride + v * kLanes, tile[r][v]);
  }
}

// c = start + a b: a has `rows` rows of `depth`, b `columns` columns; c is padded to whole vectors.
template <class A, class B, class Start>
inline void gemm(A a, ptrdiff_t rows, ptrdiff_t depth, B b, ptrdiff_t columns, Start start,
                 float* c, ptrdiff_t c_stride) {
  const GemmPanels panels(columns);
  const Parts tiles(rows, kGemmRows);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    const int width_here = panels.size(p);
    for (ptrdiff_t t = 0; t < tiles.count; ++t) {
      const ptrdiff_t r0 = tiles.begin(t);
      with_tile<kGemmRows, kGemmVectors>(
          tiles.size(t), width_here, [&](auto tile_rows, auto tile_width) {
            gemm_tile<decltype(tile_rows)::value, decltype(tile_width)::value>(
                a.from(r0), depth, b.panel(first, depth), b.step(width_here), start, first,
                c + r0 * c_stride + first, c_stride);
          });
    }
  }
}

// Panels of a matrix that is read as it is: `depth` rows, one `stride` after the other.
inline void pack_rows(const float* matrix, ptrdiff_t stride, ptrdiff_t depth, ptrdiff_t columns,
                      float* packed) {
  const GemmPanels panels(columns);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    const int width = panels.size(p);
    float* to = packed + first * depth;
    for (ptrdiff_t k = 0; k < depth; ++k) {
      for (int v = 0; v < width; ++v, to += kLanes) {
        const ptrdiff_t column = first + v * kLanes, left = columns - column;
        store(to, load_first(matrix + k * stride + column, left < kLanes ? left : kLanes));
      }
    }
  }
}

// Panels of the transposed of a matrix of `rows` rows and `depth` columns, one row `stride` after
// the other.
inline void pack_transposed(const float* matrix, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t depth,
                            float* packed) {
  const GemmPanels panels(rows);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    pack_panel(matrix + first * stride, stride, rows - first, depth, panels.size(p),
               packed + first * depth);
  }
}

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
