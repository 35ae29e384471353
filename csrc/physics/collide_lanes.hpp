// The narrow phase of collide.hpp for many pairs of boxes at once, over a SIMD lane type F: the
// same sums in the same order, but every edge is measured and masks choose where collide.cpp
// branches.
#pragma once

#include <array>

#include "physics/manifold.hpp"

namespace qwop::physics {

// A box in each lane.
template <class F>
struct LaneBox {
  F half_width, half_height;
  Pose<F> pose;
};

// Manifolds without impulses. Lanes without points hold leftovers where Manifold has zeros, apart
// from `missed`, where the boxes are further apart than their skins and the manifold is blank.
template <class F>
struct LaneManifold {
  lanes::Mask<F> missed, flip;
  lanes::Mask<F> clipped;   // a normal and a plane point exist
  lanes::Mask<F> one, two;  // has a first point, a second point
  Vec2<F> local_normal, local_plane_point;
  std::array<Vec2<F>, 2> points;
  std::array<lanes::Bits<F>, 2> ids;
};

template <class F>
class LaneCollider {
 public:
  static QWOP_ALWAYS_INLINE LaneManifold<F> collide(const LaneBox<F>& a, const LaneBox<F>& b) {
    constexpr double kRelative = 0.98;
    constexpr double kAbsolute = 0.001;
    const auto of_a = max_separation(a, b), of_b = max_separation(b, a);
    const F reach(kContactRadius);
    LaneManifold<F> m;
    m.missed = lanes::either(of_a.distance > reach, of_b.distance > reach);
    if (lanes::all(m.missed)) return m;
    m.flip = of_b.distance > F(kRelative) * of_a.distance + F(kAbsolute);
    clip_manifold(m, choose(m.flip, b, a), lanes::select(m.flip, of_b.edge, of_a.edge),
                  choose(m.flip, a, b));
    return m;
  }

 private:
  using Mask = lanes::Mask<F>;
  using Bits = lanes::Bits<F>;
  struct Separation {
    F distance;
    Bits edge;
  };
  struct ClipVertex {
    Vec2<F> point;
    Bits id;
  };
  using Segment = std::array<ClipVertex, 2>;

  static QWOP_ALWAYS_INLINE Bits number(std::int64_t x) { return Bits(x); }
  static QWOP_ALWAYS_INLINE Mask odd(Bits edge) { return (edge & number(1)) != number(0); }
  static QWOP_ALWAYS_INLINE Mask late(Bits edge) { return (edge & number(2)) != number(0); }
  static QWOP_ALWAYS_INLINE F negated_where(Mask mask, F x) { return lanes::select(mask, -x, x); }
  static QWOP_ALWAYS_INLINE LaneBox<F> choose(Mask mask, const LaneBox<F>& yes,
                                              const LaneBox<F>& no) {
    return {lanes::select(mask, yes.half_width, no.half_width),
            lanes::select(mask, yes.half_height, no.half_height),
            {select(mask, yes.pose.center, no.pose.center), no.pose.angle,
             select(mask, yes.pose.rotation, no.pose.rotation)}};
  }
  static QWOP_ALWAYS_INLINE ClipVertex choose(Mask mask, const ClipVertex& yes,
                                              const ClipVertex& no) {
    return {select(mask, yes.point, no.point), lanes::select(mask, yes.id, no.id)};
  }

  // Corner i: x is negative at 0 and 3, y at 0 and 1.
  static QWOP_ALWAYS_INLINE Vec2<F> corner(const LaneBox<F>& box, Bits i) {
    const Mask right = (odd(i) ^ late(i));
    return {negated_where(~right, box.half_width), negated_where(~late(i), box.half_height)};
  }
  static QWOP_ALWAYS_INLINE Vec2<F> edge_normal(const Rotation<F>& r, Bits edge) {
    const Vec2<F> first = select(odd(edge), Vec2<F>{r.cos, r.sin}, Vec2<F>{r.sin, -r.cos});
    return {negated_where(late(edge), first.x), negated_where(late(edge), first.y)};
  }
  // The first edge whose outward normal is nearest to direction d of the box's frame.
  static QWOP_ALWAYS_INLINE Bits facing_edge(Vec2<F> d) {
    F most = -d.y;
    Bits edge = number(0);
    const auto consider = [&](F facing, std::int64_t i) {
      const Mask more = facing > most;
      most = lanes::select(more, facing, most);
      edge = lanes::select(more, number(i), edge);
    };
    consider(d.x, 1), consider(d.y, 2), consider(-d.x, 3);
    return edge;
  }

  static QWOP_ALWAYS_INLINE F edge_separation(const LaneBox<F>& box, Vec2<F> from, Vec2<F> n,
                                              const LaneBox<F>& other) {
    const auto local = unrotate(other.pose.rotation, n);
    const F x = other.half_width * local.x, y = other.half_height * local.y;
    const F d0 = -x + -y, d1 = x + -y, d2 = x + y, d3 = -x + y;
    const Mask low = d1 < d0, high = d3 < d2;
    const Mask upper = lanes::select(high, d3, d2) < lanes::select(low, d1, d0);
    // Corner 1 or 2 is right of the middle.
    const Mask right = lanes::either(lanes::both(upper, ~high), lanes::both(~upper, low));
    const Vec2<F> deepest{negated_where(~right, other.half_width),
                          negated_where(~upper, other.half_height)};
    const auto to = other.pose.transform(deepest);
    return dot(to - box.pose.transform(from), n);
  }

  // Climbs as collide.cpp does, over distances that are all known.
  static QWOP_ALWAYS_INLINE Separation max_separation(const LaneBox<F>& box,
                                                      const LaneBox<F>& other) {
    const auto& r = box.pose.rotation;
    const F w = box.half_width, h = box.half_height;
    const F s0 = edge_separation(box, {-w, -h}, {r.sin, -r.cos}, other);
    const F s1 = edge_separation(box, {w, -h}, {r.cos, r.sin}, other);
    const F s2 = edge_separation(box, {w, h}, {-r.sin, r.cos}, other);
    const F s3 = edge_separation(box, {-w, h}, {-r.cos, -r.sin}, other);
    const Bits edge = facing_edge(unrotate(r, other.pose.center - box.pose.center));
    // Distances of the edges 0, 1, 2 and 3 further.
    const Mask by_one = odd(edge), by_two = late(edge);
    const auto pick = [](Mask mask, F yes, F no) { return lanes::select(mask, yes, no); };
    const F t0 = pick(by_one, s1, s0), t1 = pick(by_one, s2, s1), t2 = pick(by_one, s3, s2),
            t3 = pick(by_one, s0, s3);
    const F start = pick(by_two, t2, t0), after = pick(by_two, t3, t1),
            opposite = pick(by_two, t0, t2), before = pick(by_two, t1, t3);
    const Mask downwards = lanes::both(before > start, before > after);
    const Mask climbs = lanes::either(downwards, after > start);
    const F first = pick(downwards, before, after), last = pick(downwards, after, before);
    const Mask second_step = lanes::both(climbs, opposite > first);
    const Mask third_step = lanes::both(second_step, last > opposite);
    // One step is 1 or, downwards, 3 = -1; each further one as much.
    const Bits step = lanes::select(downwards, number(3), number(1));
    const auto move = [&](Mask mask, Bits from) { return lanes::select(mask, from + step, from); };
    const Bits at = move(third_step, move(second_step, move(climbs, edge))) & number(3);
    const F distance =
        pick(third_step, last, pick(second_step, opposite, pick(climbs, first, start)));
    return {distance, at};
  }

  static QWOP_ALWAYS_INLINE Segment incident_edge(Vec2<F> reference_normal, Bits id,
                                                  const LaneBox<F>& incident) {
    const auto n = unrotate(incident.pose.rotation, reference_normal);
    // The first of the least: that of the most negated.
    const Bits edge = facing_edge(-n);
    const Bits next = (edge + number(1)) & number(3);
    return {{{incident.pose.transform(corner(incident, edge)), id | edge << 8},
             {incident.pose.transform(corner(incident, next)), id | next << 8 | number(1 << 16)}}};
  }

  // Returns where two points remain.
  static QWOP_ALWAYS_INLINE Mask clip(Segment& segment, Vec2<F> normal, F offset) {
    const auto& [p, q] = segment;
    const F d0 = dot(normal, p.point) - offset;
    const F d1 = dot(normal, q.point) - offset;
    const Mask in0 = d0 <= F(0.0), in1 = d1 <= F(0.0);
    const Mask cut = d0 * d1 < F(0.0);
    const F k = d0 / (d0 - d1);
    const ClipVertex crossing{
        {p.point.x + k * (q.point.x - p.point.x), p.point.y + k * (q.point.y - p.point.y)},
        lanes::select(d0 > F(0.0), p.id, q.id)};
    const Mask all_in = lanes::both(in0, in1);
    const Segment out{choose(in0, p, q), choose(all_in, q, crossing)};
    segment = out;
    return lanes::either(all_in, lanes::both(in0 ^ in1, cut));
  }

  static QWOP_ALWAYS_INLINE void clip_manifold(LaneManifold<F>& m, const LaneBox<F>& reference,
                                               Bits edge, const LaneBox<F>& incident) {
    const auto v1 = corner(reference, edge);
    const auto v2 = corner(reference, (edge + number(1)) & number(3));
    auto along = v2 - v1;
    const F inv_length = F(1.0) / lanes::sqrt(along.x * along.x + along.y * along.y);
    along = {along.x * inv_length, along.y * inv_length};
    const auto tangent = rotate(reference.pose.rotation, along);
    const Vec2<F> front{tangent.y, -tangent.x};
    const auto w1 = reference.pose.transform(v1);
    const auto w2 = reference.pose.transform(v2);
    const F front_offset = dot(front, w1), reach(kContactRadius);
    const F side1 = -tangent.x * w1.x - tangent.y * w1.y + reach;
    const F side2 = tangent.x * w2.x + tangent.y * w2.y + reach;

    const Bits id = edge | lanes::select(m.flip, number(1 << 24), number(0));
    auto segment = incident_edge(edge_normal(reference.pose.rotation, edge), id, incident);
    const Mask once = clip(segment, -tangent, side1);
    const Mask twice = clip(segment, tangent, side2);
    m.clipped = lanes::both(lanes::both(once, twice), ~m.missed);
    m.local_normal = {along.y, -along.x};
    m.local_plane_point = {F(0.5) * (v1.x + v2.x), F(0.5) * (v1.y + v2.y)};
    std::array<Mask, 2> near;
    std::array<Vec2<F>, 2> local;
    for (int i = 0; i < 2; ++i) {
      near[i] = lanes::both(m.clipped, dot(front, segment[i].point) - front_offset <= reach);
      local[i] = unrotate(incident.pose.rotation, segment[i].point - incident.pose.center);
    }
    m.one = lanes::either(near[0], near[1]);
    m.two = lanes::both(near[0], near[1]);
    m.points = {select(near[0], local[0], local[1]), local[1]};
    m.ids = {lanes::select(near[0], segment[0].id, segment[1].id), segment[1].id};
  }
};

}  // namespace qwop::physics
