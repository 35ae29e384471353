// An anti-aliased canvas for a few plain shapes. Knows nothing of the game. Every operation is
// deterministic: the same calls give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace qwop::render {

struct Point {
  float x = 0.0f;  // px, to the right
  float y = 0.0f;  // px, downwards
};

struct Paint {
  std::uint32_t color = 0;  // 0xRRGGBB
  float alpha = 1.0f;       // 0 leaves what is there, 1 covers it
};

class Canvas {
 public:
  Canvas(int width, int height);

  // A rectangle whose color goes from one at its upper edge to another at its lower.
  void gradient(Point upper_left, Point lower_right, Paint upper, Paint lower);
  // Two circles and what lies between them, as a limb is.
  void capsule(Point a, float radius_a, Point b, float radius_b, Paint paint);
  // A simple polygon, grown on all sides by a radius.
  void polygon(std::span<const Point> corners, float radius, Paint paint);

  int width() const { return width_; }
  int height() const { return height_; }
  // Rows from above, three bytes a pixel: red, green, blue.
  const std::vector<std::uint8_t>& pixels() const { return pixels_; }

 private:
  template <class Distance>
  void fill(Point low, Point high, Paint paint, Distance distance);
  void blend(int x, int y, std::uint32_t color, float coverage);

  int width_;
  int height_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace qwop::render
