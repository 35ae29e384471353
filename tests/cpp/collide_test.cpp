// The narrow phase in lanes against that of single boxes, bit for bit, on COUNT pairs (first
// command line argument) of boxes like the game's: most of them near each other, some of them
// parallel.
//
// Prints how many pairs touched; fails if anything differs or hardly any touch. Built once for each
// instruction set (run_on_set.cpp).
#include <cmath>
#include <cstdio>
#include <cstring>

#include "physics/collide.hpp"
#include "physics/collide_lanes.hpp"
#include "run_on_set.hpp"

namespace {

using namespace qwop;
using physics::LaneBox;
using physics::Pose;

double uniform(double low, double high) {
  static std::uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return low + (high - low) * static_cast<double>(state >> 11) * 0x1p-53;
}

struct Shape {
  double half_width, half_height;
  Pose<double> pose;
};

Shape shape_near(double x, double y, double most, double reach) {
  const double angle =
      uniform(0, 1) < 0.25 ? 1.5707963267948966 * std::floor(uniform(-3, 3)) : uniform(-7, 7);
  return {uniform(0.5, most),
          uniform(0.5, most),
          {{x + uniform(-reach, reach), y + uniform(-reach, reach)},
           angle,
           {std::sin(angle), std::cos(angle)}}};
}

template <class F, class Get>
F lanes_of(const Shape* shapes, Get get) {
  F x(0.0);
  for (int i = 0; i < lanes::kWidth<F>; ++i) x.set(i, get(shapes[i]));
  return x;
}

template <class F>
LaneBox<F> boxes_of(const Shape* shapes) {
  const auto all = [&](auto get) { return lanes_of<F>(shapes, get); };
  return {all([](const Shape& s) { return s.half_width; }),
          all([](const Shape& s) { return s.half_height; }),
          {{all([](const Shape& s) { return s.pose.center.x; }),
            all([](const Shape& s) { return s.pose.center.y; })},
           all([](const Shape& s) { return s.pose.angle; }),
           {all([](const Shape& s) { return s.pose.rotation.sin; }),
            all([](const Shape& s) { return s.pose.rotation.cos; })}}};
}

template <class F>
physics::Manifold manifold_of(const physics::LaneManifold<F>& m, int lane) {
  const auto has = [lane](auto mask) { return (lanes::lane_bits(mask) >> lane & 1u) != 0; };
  physics::Manifold one{};
  if (has(m.missed)) return one;
  one.flip = has(m.flip);
  if (!has(m.clipped)) return one;
  one.local_normal = {m.local_normal.x[lane], m.local_normal.y[lane]};
  one.local_plane_point = {m.local_plane_point.x[lane], m.local_plane_point.y[lane]};
  one.count = static_cast<std::uint8_t>(has(m.one) + has(m.two));
  for (int i = 0; i < one.count; ++i) {
    one.points[i].local = {m.points[i].x[lane], m.points[i].y[lane]};
    one.points[i].id = static_cast<std::uint32_t>(m.ids[i][lane]);
  }
  return one;
}

bool same(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
bool same(physics::Vec2<double> a, physics::Vec2<double> b) {
  return same(a.x, b.x) && same(a.y, b.y);
}
bool same(const physics::Manifold& a, const physics::Manifold& b) {
  if (a.count != b.count || a.flip != b.flip || !same(a.local_normal, b.local_normal) ||
      !same(a.local_plane_point, b.local_plane_point)) {
    return false;
  }
  for (int i = 0; i < physics::kMaxManifoldPoints; ++i) {
    if (!same(a.points[i].local, b.points[i].local) || a.points[i].id != b.points[i].id) {
      return false;
    }
  }
  return true;
}

template <class F>
bool check(long count) {
  constexpr int kWidth = lanes::kWidth<F>;
  long touching = 0;
  for (long done = 0; done < count; done += kWidth) {
    Shape a[kWidth], b[kWidth];
    for (int i = 0; i < kWidth; ++i) {
      a[i] = shape_near(0, 0, 16, 0);
      b[i] = shape_near(0, 0, 3, 18);
    }
    const auto all = physics::LaneCollider<F>::collide(boxes_of<F>(a), boxes_of<F>(b));
    for (int i = 0; i < kWidth; ++i) {
      const auto expected = physics::collide_boxes({a[i].half_width, a[i].half_height, a[i].pose},
                                                   {b[i].half_width, b[i].half_height, b[i].pose});
      touching += expected.count > 0;
      if (same(manifold_of(all, i), expected)) continue;
      std::printf("%d lanes: pair %ld differs\n", kWidth, done + i);
      return false;
    }
  }
  std::printf("%d lanes: %ld of %ld touch\n", kWidth, touching, count);
  return touching > count / 5;
}

}  // namespace

int qwop::tests::run(long count) {
  const bool native = check<lanes::Lanes<lanes::kNativeWidth>>(count);
  const bool wide = check<lanes::Lanes<2 * lanes::kNativeWidth>>(count);
  return native && wide ? 0 : 1;
}
