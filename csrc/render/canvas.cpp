#include "render/canvas.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qwop::render {
namespace {

// How much of a pixel lies inside a shape whose edge is so far from its center.
float covered(float distance) { return std::clamp(0.5f - distance, 0.0f, 1.0f); }

// Length of the overlap of the pixel from i to i + 1 with the range from low to high.
float overlap(int i, float low, float high) {
  const auto start = static_cast<float>(i);
  return std::max(0.0f, std::min(start + 1.0f, high) - std::max(start, low));
}

// Pixel indices must not overflow, however far outside a shape lies.
int pixel(float value, int size) {
  return static_cast<int>(std::clamp(value, 0.0f, static_cast<float>(size)));
}

std::uint32_t mixed(std::uint32_t a, std::uint32_t b, float t) {
  std::uint32_t result = 0;
  for (int shift = 16; shift >= 0; shift -= 8) {
    const auto from = static_cast<float>((a >> shift) & 255u);
    const auto to = static_cast<float>((b >> shift) & 255u);
    result |= static_cast<std::uint32_t>(from + (to - from) * t + 0.5f) << shift;
  }
  return result;
}

}  // namespace

Canvas::Canvas(int width, int height)
    : width_(width), height_(height), pixels_(static_cast<std::size_t>(width) * height * 3) {}

void Canvas::blend(int x, int y, std::uint32_t color, float coverage) {
  std::uint8_t* out = &pixels_[(static_cast<std::size_t>(y) * width_ + x) * 3];
  if (coverage >= 1.0f) {
    for (int channel = 0; channel < 3; ++channel) {
      out[channel] = static_cast<std::uint8_t>(color >> (16 - 8 * channel));
    }
    return;
  }
  for (int channel = 0; channel < 3; ++channel) {
    const auto target = static_cast<float>((color >> (16 - 8 * channel)) & 255u);
    const auto old = static_cast<float>(out[channel]);
    out[channel] = static_cast<std::uint8_t>(old + (target - old) * coverage + 0.5f);
  }
}

void Canvas::gradient(Point low, Point high, Paint upper, Paint lower) {
  const int x_end = pixel(std::ceil(high.x), width_);
  const int y_end = pixel(std::ceil(high.y), height_);
  const float depth = std::max(high.y - low.y, 1e-6f);
  for (int y = pixel(std::floor(low.y), height_); y < y_end; ++y) {
    const float t = std::clamp((static_cast<float>(y) + 0.5f - low.y) / depth, 0.0f, 1.0f);
    const std::uint32_t color = mixed(upper.color, lower.color, t);
    const float alpha = (upper.alpha + (lower.alpha - upper.alpha) * t) * overlap(y, low.y, high.y);
    for (int x = pixel(std::floor(low.x), width_); x < x_end; ++x) {
      blend(x, y, color, alpha * overlap(x, low.x, high.x));
    }
  }
}

template <class Distance>
void Canvas::fill(Point low, Point high, Paint paint, Distance distance) {
  const int x_end = pixel(std::ceil(high.x + 1.0f), width_);
  const int y_end = pixel(std::ceil(high.y + 1.0f), height_);
  for (int y = pixel(std::floor(low.y - 1.0f), height_); y < y_end; ++y) {
    for (int x = pixel(std::floor(low.x - 1.0f), width_); x < x_end; ++x) {
      const Point center{static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f};
      const float coverage = covered(distance(center)) * paint.alpha;
      if (coverage > 0.0f) blend(x, y, paint.color, coverage);
    }
  }
}

void Canvas::capsule(Point a, float radius_a, Point b, float radius_b, Paint paint) {
  const Point along{b.x - a.x, b.y - a.y};
  const float square = along.x * along.x + along.y * along.y;
  const float inverse = square > 0.0f ? 1.0f / square : 0.0f;
  const float widest = std::max(radius_a, radius_b);
  fill({std::min(a.x, b.x) - widest, std::min(a.y, b.y) - widest},
       {std::max(a.x, b.x) + widest, std::max(a.y, b.y) + widest}, paint, [=](Point p) {
         const float x = p.x - a.x, y = p.y - a.y;
         const float t = std::clamp((x * along.x + y * along.y) * inverse, 0.0f, 1.0f);
         const float dx = x - along.x * t, dy = y - along.y * t;
         return std::sqrt(dx * dx + dy * dy) - (radius_a + (radius_b - radius_a) * t);
       });
}

void Canvas::polygon(std::span<const Point> corners, float radius, Paint paint) {
  if (corners.empty()) return;
  Point low = corners[0], high = corners[0];
  for (const Point p : corners) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  fill({low.x - radius, low.y - radius}, {high.x + radius, high.y + radius}, paint, [=](Point p) {
    float nearest = std::numeric_limits<float>::max();
    bool inside = false;
    for (std::size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
      const Point a = corners[i], b = corners[j];
      const float ex = b.x - a.x, ey = b.y - a.y, x = p.x - a.x, y = p.y - a.y;
      const float square = ex * ex + ey * ey;
      const float t = square > 0.0f ? std::clamp((x * ex + y * ey) / square, 0.0f, 1.0f) : 0.0f;
      const float dx = x - ex * t, dy = y - ey * t;
      nearest = std::min(nearest, dx * dx + dy * dy);
      // A ray to the right crosses the edge.
      if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + ex * (p.y - a.y) / ey) inside = !inside;
    }
    return (inside ? -std::sqrt(nearest) : std::sqrt(nearest)) - radius;
  });
}

}  // namespace qwop::render
