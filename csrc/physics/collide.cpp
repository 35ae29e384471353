#include "physics/collide.hpp"

#include <array>

namespace qwop::physics {
namespace {

struct ClipVertex {
  Vec2<double> point;
  std::uint32_t id;
};
using Segment = std::array<ClipVertex, 2>;

// Corners of a box, counter-clockwise on a y-down screen; edge i runs from corner i to i + 1.
Vec2<double> corner(const Box& box, int i) {
  const double x = (i == 0 || i == 3) ? -box.half_width : box.half_width;
  const double y = i < 2 ? -box.half_height : box.half_height;
  return {x, y};
}

int next_edge(int i) { return i + 1 < 4 ? i + 1 : 0; }
int previous_edge(int i) { return i > 0 ? i - 1 : 3; }

// Outward normal of edge i in the world: the columns of the rotation, so no product is rounded.
Vec2<double> edge_normal(const Rotation<double>& r, int i) {
  switch (i) {
    case 0:
      return {r.sin, -r.cos};
    case 1:
      return {r.cos, r.sin};
    case 2:
      return {-r.sin, r.cos};
    default:
      return {-r.cos, -r.sin};
  }
}

// Distance of the corner of `other` deepest behind edge `edge` of `box`, along its normal.
double edge_separation(const Box& box, int edge, const Box& other) {
  const auto n = edge_normal(box.pose.rotation, edge);
  const auto local = unrotate(other.pose.rotation, n);
  // The first of the smallest, without branches: which corner it is, is as good as random.
  const double x = other.half_width * local.x, y = other.half_height * local.y;
  const std::array<double, 4> d{-x + -y, x + -y, x + y, -x + y};
  const int low = d[1] < d[0], high = d[3] < d[2] ? 3 : 2;
  const int deepest = d[high] < d[low] ? high : low;
  const auto from = box.pose.transform(corner(box, edge));
  const auto to = other.pose.transform(corner(other, deepest));
  return dot(to - from, n);
}

struct Separation {
  double distance;
  int edge;
};

// The edge of `box` that separates most from `other`: start at the edge facing it, climb to a
// maximum. Any edge with the boxes out of reach of each other will do: nothing else is asked then.
Separation max_separation(const Box& box, const Box& other) {
  const auto d = unrotate(box.pose.rotation, other.pose.center - box.pose.center);
  const std::array<double, 4> facing{-d.y, d.x, d.y, -d.x};
  int edge = 0;
  for (int i = 1; i < 4; ++i) {
    if (facing[i] > facing[edge]) edge = i;
  }
  const double start = edge_separation(box, edge, other);
  if (start > kContactRadius) return {start, edge};
  const double before = edge_separation(box, previous_edge(edge), other);
  const double after = edge_separation(box, next_edge(edge), other);
  const bool downwards = before > start && before > after;
  if (!downwards && !(after > start)) return {start, edge};
  const auto step = [downwards](int i) { return downwards ? previous_edge(i) : next_edge(i); };
  Separation best{downwards ? before : after, step(edge)};
  for (;;) {
    const int candidate = step(best.edge);
    const double distance = edge_separation(box, candidate, other);
    if (!(distance > best.distance)) return best;
    best = {distance, candidate};
  }
}

constexpr std::uint32_t feature_id(int reference_edge, int incident_edge, int vertex, bool flip) {
  return static_cast<std::uint32_t>(reference_edge) |
         static_cast<std::uint32_t>(incident_edge) << 8 | static_cast<std::uint32_t>(vertex) << 16 |
         static_cast<std::uint32_t>(flip) << 24;
}

// The edge of `incident` that faces the reference edge most squarely.
Segment incident_edge(Vec2<double> reference_normal, int reference_edge, const Box& incident,
                      bool flip) {
  const auto n = unrotate(incident.pose.rotation, reference_normal);
  const std::array<double, 4> facing{-n.y, n.x, n.y, -n.x};
  int edge = 0;
  for (int i = 1; i < 4; ++i) {
    if (facing[i] < facing[edge]) edge = i;
  }
  const int next = next_edge(edge);
  return {
      {{incident.pose.transform(corner(incident, edge)), feature_id(reference_edge, edge, 0, flip)},
       {incident.pose.transform(corner(incident, next)),
        feature_id(reference_edge, next, 1, flip)}}};
}

// Keeps the part of the segment behind the line; false when fewer than two points remain.
bool clip(Segment& out, const Segment& in, Vec2<double> normal, double offset) {
  const double d0 = dot(normal, in[0].point) - offset;
  const double d1 = dot(normal, in[1].point) - offset;
  int count = 0;
  if (d0 <= 0.0) out[count++] = in[0];
  if (d1 <= 0.0) out[count++] = in[1];
  if (d0 * d1 < 0.0) {
    const double k = d0 / (d0 - d1);
    const auto& p = in[0].point;
    const auto& q = in[1].point;
    out[count].point = {p.x + k * (q.x - p.x), p.y + k * (q.y - p.y)};
    out[count].id = d0 > 0.0 ? in[0].id : in[1].id;  // of the end that was cut off
    ++count;
  }
  return count == 2;
}

// Clips the incident edge to the sides of the reference edge and keeps the points within reach.
Manifold clip_manifold(const Box& reference, int edge, const Box& incident, bool flip) {
  Manifold manifold{};
  manifold.flip = flip;
  const auto v1 = corner(reference, edge);
  const auto v2 = corner(reference, next_edge(edge));
  auto along = v2 - v1;
  const double inv_length = 1.0 / lanes::sqrt(along.x * along.x + along.y * along.y);
  along = {along.x * inv_length, along.y * inv_length};
  const auto tangent = rotate(reference.pose.rotation, along);
  const Vec2<double> front{tangent.y, -tangent.x};
  const auto w1 = reference.pose.transform(v1);
  const auto w2 = reference.pose.transform(v2);
  const double front_offset = dot(front, w1);
  const double side1 = -tangent.x * w1.x - tangent.y * w1.y + kContactRadius;
  const double side2 = tangent.x * w2.x + tangent.y * w2.y + kContactRadius;

  const auto facing = edge_normal(reference.pose.rotation, edge);
  const auto segment = incident_edge(facing, edge, incident, flip);
  Segment once, twice;
  if (!clip(once, segment, -tangent, side1) || !clip(twice, once, tangent, side2)) return manifold;

  manifold.local_normal = {along.y, -along.x};
  manifold.local_plane_point = {0.5 * (v1.x + v2.x), 0.5 * (v1.y + v2.y)};
  for (const auto& vertex : twice) {
    if (!(dot(front, vertex.point) - front_offset <= kContactRadius)) continue;
    auto& point = manifold.points[manifold.count++];
    point.local = unrotate(incident.pose.rotation, vertex.point - incident.pose.center);
    point.id = vertex.id;
  }
  return manifold;
}

}  // namespace

Manifold collide_boxes(const Box& a, const Box& b) {
  // B's edge must separate clearly better than A's to become the reference: no flicker between
  // them.
  constexpr double kRelative = 0.98;
  constexpr double kAbsolute = 0.001;
  const auto of_a = max_separation(a, b);
  if (of_a.distance > kContactRadius) return {};
  const auto of_b = max_separation(b, a);
  if (of_b.distance > kContactRadius) return {};
  if (of_b.distance > kRelative * of_a.distance + kAbsolute) {
    return clip_manifold(b, of_b.edge, a, true);
  }
  return clip_manifold(a, of_a.edge, b, false);
}

}  // namespace qwop::physics
