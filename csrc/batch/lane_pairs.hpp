// The narrow phase of a block of games: boxes that may touch, whichever games they are of.
#pragma once

#include "batch/lane_rows.hpp"
#include "physics/collide_lanes.hpp"

namespace qwop::batch {
inline namespace QWOP_ISA_NAMESPACE {

template <class F>
class LanePairs {
 public:
  explicit LanePairs(LaneData& data) : data_(data), rows_(data) {}

  void collide() {
    for (int first = 0; first < data_.pair_count; first += kContactColumns) {
      auto& rows = data_.pairs[first / kContactColumns];
      rows.flip = rows.clipped = rows.one = rows.two = 0;
      for (int column = 0; column < kContactColumns; column += lanes::kWidth<F>) {
        if (first + column < data_.pair_count) collide(rows, column);
      }
    }
  }

 private:
  using Rows = LaneRows<F>;

  void collide(PairRows& rows, int column) {
    const auto m = physics::LaneCollider<F>::collide(
        {Rows::load(rows.half_width_a, column), Rows::load(rows.half_height_a, column),
         rows_.gather_pose(rows.offset_a.data() + column)},
        {Rows::load(rows.half_width_b, column), Rows::load(rows.half_height_b, column),
         rows_.gather_pose(rows.offset_b.data() + column)});
    if (lanes::all(m.missed)) return;
    rows.flip |= lanes::lane_bits(lanes::both(m.flip, lanes::negate(m.missed))) << column;
    rows.clipped |= lanes::lane_bits(m.clipped) << column;
    rows.one |= lanes::lane_bits(m.one) << column;
    rows.two |= lanes::lane_bits(m.two) << column;
    Rows::store(rows.normal_x, column, m.local_normal.x);
    Rows::store(rows.normal_y, column, m.local_normal.y);
    Rows::store(rows.plane_x, column, m.local_plane_point.x);
    Rows::store(rows.plane_y, column, m.local_plane_point.y);
    for (int i = 0; i < 2; ++i) {
      Rows::store(rows.local_x[i], column, m.points[i].x);
      Rows::store(rows.local_y[i], column, m.points[i].y);
      const F id = lanes::from_bits(m.ids[i]);
      id.store(reinterpret_cast<double*>(rows.id[i].data()) + column);
    }
  }

  LaneData& data_;
  Rows rows_;
};

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::batch
