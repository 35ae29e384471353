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

// Distances of a row of pixels from a polygon's outline, and whether they are within it.
class PixelRow {
 public:
  PixelRow(int begin, int end)
      : begin_(begin),
        x_(static_cast<std::size_t>(end - begin)),
        square_(x_.size()),
        inside_(x_.size()) {
    for (std::size_t i = 0; i < x_.size(); ++i) {
      x_[i] = static_cast<float>(begin + static_cast<int>(i)) + 0.5f;
    }
  }

  void begin(float y) {
    y_ = y;
    std::ranges::fill(square_, std::numeric_limits<float>::max());
    std::ranges::fill(inside_, 0);
  }

  void add_edge(Point a, Point b) {
    const float ex = b.x - a.x, ey = b.y - a.y, y = y_ - a.y;
    const float length_square = ex * ex + ey * ey;
    const float inverse = length_square > 0.0f ? 1.0f / length_square : 0.0f;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const float x = x_[i] - a.x;
      float t = (x * ex + y * ey) * inverse;
      t = t < 0.0f ? 0.0f : t;
      t = t > 1.0f ? 1.0f : t;
      const float dx = x - ex * t, dy = y - ey * t;
      const float square = dx * dx + dy * dy;
      square_[i] = square < square_[i] ? square : square_[i];
    }
    if ((a.y > y_) == (b.y > y_)) return;
    const float crossing = a.x + ex * y / ey;  // a ray to the right meets the edge
    for (std::size_t i = 0; i < x_.size(); ++i) inside_[i] ^= x_[i] < crossing ? 1 : 0;
  }

  // Negative inside.
  float distance(int x) const {
    const auto i = static_cast<std::size_t>(x - begin_);
    return inside_[i] != 0 ? -std::sqrt(square_[i]) : std::sqrt(square_[i]);
  }

 private:
  int begin_;
  float y_ = 0.0f;
  std::vector<float> x_, square_;
  std::vector<std::int32_t> inside_;
};

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

// Edge by edge along a row of pixels, which compilers turn into vectors.
void Canvas::polygon(std::span<const Point> corners, float radius, Paint paint) {
  if (corners.empty()) return;
  Point low = corners[0], high = corners[0];
  for (const Point p : corners) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const float reach = radius + 1.0f;
  const int x_begin = pixel(std::floor(low.x - reach), width_);
  const int x_end = pixel(std::ceil(high.x + reach), width_);
  const int y_end = pixel(std::ceil(high.y + reach), height_);
  if (x_end <= x_begin) return;
  PixelRow row(x_begin, x_end);
  for (int y = pixel(std::floor(low.y - reach), height_); y < y_end; ++y) {
    row.begin(static_cast<float>(y) + 0.5f);
    for (std::size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
      row.add_edge(corners[i], corners[j]);
    }
    for (int x = x_begin; x < x_end; ++x) {
      const float coverage = covered(row.distance(x) - radius) * paint.alpha;
      if (coverage > 0.0f) blend(x, y, paint.color, coverage);
    }
  }
}

}  // namespace qwop::render
