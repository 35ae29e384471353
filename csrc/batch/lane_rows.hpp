// Reading and writing the rows of a block of games in vectors of W games.
#pragma once

#include "batch/lane_data.hpp"
#include "libm/sincos.hpp"
#include "physics/body.hpp"
#include "support/simd_f64.hpp"

namespace qwop::batch {
inline namespace QWOP_ISA_NAMESPACE {

using physics::Pose;
using physics::Vec2;
using physics::Velocity;

// Numbers of a lane's body, wherever in the rows it is.
template <class F>
QWOP_ALWAYS_INLINE F gather(const double* base, const std::int32_t* offsets) {
  constexpr int kWidth = lanes::kWidth<F>;
  if constexpr (kWidth > lanes::kNativeWidth) {
    using Half = typename F::Half;
    return F(gather<Half>(base, offsets), gather<Half>(base, offsets + kWidth / 2));
  } else {
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
    if constexpr (kWidth == 8) {
      const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offsets));
      return typename F::Vector(_mm512_mask_i32gather_pd(_mm512_setzero_pd(), 0xff, at, base, 8));
    }
#endif
    F result(0.0);
    for (int i = 0; i < kWidth; ++i) result.set(i, base[offsets[i]]);
    return result;
  }
}
template <class F>
QWOP_ALWAYS_INLINE void scatter(double* base, const std::int32_t* offsets, F values) {
  constexpr int kWidth = lanes::kWidth<F>;
  if constexpr (kWidth > lanes::kNativeWidth) {
    scatter(base, offsets, values.low);
    scatter(base, offsets + kWidth / 2, values.high);
  } else {
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
    if constexpr (kWidth == 8) {
      const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offsets));
      _mm512_i32scatter_pd(base, at, values.v, 8);
      return;
    }
#endif
    for (int i = 0; i < kWidth; ++i) base[offsets[i]] = values[i];
  }
}

template <class F>
class LaneRows {
 public:
  static constexpr int kWidth = lanes::kWidth<F>;
  static constexpr int kGroups = kLanes / kWidth;

  explicit LaneRows(LaneData& data) : data_(data) {}

  // Runs action(group, first lane of the group) for each group. Groups are independent chains of
  // operations, so that the processor has something to do while one waits for a result.
  template <class Action>
  static QWOP_ALWAYS_INLINE void each_group(Action&& action) {
#pragma GCC unroll 1
    for (int g = 0; g < kGroups; ++g) action(g, g * kWidth);
  }

  // A vector of a LaneRow or ContactRow, whose first number is that of the lane or column.
  template <class Row>
  static QWOP_ALWAYS_INLINE F load(const Row& row, int first) {
    return F::load(row.data() + first);
  }
  template <class Row>
  static QWOP_ALWAYS_INLINE void store(Row& row, int first, F value) {
    value.store(row.data() + first);
  }
  template <class Row>
  static QWOP_ALWAYS_INLINE Vec2<F> load(const Row& x, const Row& y, int first) {
    return {load(x, first), load(y, first)};
  }

  Pose<F> pose(int body, int lane) const {
    const auto& b = data_.bodies[body];
    return {load(b.x, b.y, lane), load(b.angle, lane), {load(b.sin, lane), load(b.cos, lane)}};
  }
  void set_pose(int body, int lane, const Pose<F>& p) {
    auto& b = data_.bodies[body];
    store(b.x, lane, p.center.x);
    store(b.y, lane, p.center.y);
    store(b.angle, lane, p.angle);
    store(b.sin, lane, p.rotation.sin);
    store(b.cos, lane, p.rotation.cos);
  }
  // Center and angle; the rotation is stale after.
  void set_place(int body, int lane, const Pose<F>& p) {
    auto& b = data_.bodies[body];
    store(b.x, lane, p.center.x);
    store(b.y, lane, p.center.y);
    store(b.angle, lane, p.angle);
  }
  template <SinCosFlavor flavor>
  QWOP_ALWAYS_INLINE void refresh_rotation(int body, int lane) {
    auto& b = data_.bodies[body];
    const auto r = sincos<flavor>(load(b.angle, lane));
    store(b.sin, lane, r.sin);
    store(b.cos, lane, r.cos);
  }
  Velocity<F> velocity(int body, int lane) const {
    const auto& b = data_.bodies[body];
    return {load(b.vx, b.vy, lane), load(b.spin, lane)};
  }
  void set_velocity(int body, int lane, const Velocity<F>& v) {
    auto& b = data_.bodies[body];
    store(b.vx, lane, v.linear.x);
    store(b.vy, lane, v.linear.y);
    store(b.spin, lane, v.angular);
  }

  Pose<F> gather_pose(const std::int32_t* offsets) const {
    const auto& b = data_.bodies[0];
    return {{gather<F>(b.x.data(), offsets), gather<F>(b.y.data(), offsets)},
            gather<F>(b.angle.data(), offsets),
            {gather<F>(b.sin.data(), offsets), gather<F>(b.cos.data(), offsets)}};
  }
  void scatter_pose(const std::int32_t* offsets, const Pose<F>& p) {
    auto& b = data_.bodies[0];
    scatter(b.x.data(), offsets, p.center.x);
    scatter(b.y.data(), offsets, p.center.y);
    scatter(b.angle.data(), offsets, p.angle);
    scatter(b.sin.data(), offsets, p.rotation.sin);
    scatter(b.cos.data(), offsets, p.rotation.cos);
  }
  Velocity<F> gather_velocity(const std::int32_t* offsets) const {
    const auto& b = data_.bodies[0];
    return {{gather<F>(b.vx.data(), offsets), gather<F>(b.vy.data(), offsets)},
            gather<F>(b.spin.data(), offsets)};
  }
  void scatter_velocity(const std::int32_t* offsets, const Velocity<F>& v) {
    auto& b = data_.bodies[0];
    scatter(b.vx.data(), offsets, v.linear.x);
    scatter(b.vy.data(), offsets, v.linear.y);
    scatter(b.spin.data(), offsets, v.angular);
  }

  // All ones in the lanes whose bits are set.
  static lanes::Mask<F> lane_mask(std::uint32_t bits, int lane) {
    return lanes::mask_of<F>(bits >> lane);
  }

 private:
  LaneData& data_;
};

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::batch
