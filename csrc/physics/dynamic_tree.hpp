// The broad phase's tree of fat boxes, one leaf a body. Its shape is history: it decides in which
// order one query finds several partners, so it is kept exactly as the real game keeps it.
#pragma once

#include <array>
#include <cstdint>

#include "physics/aabb.hpp"
#include "physics/settings.hpp"

namespace qwop::physics {

class DynamicTree {
 public:
  static constexpr std::int8_t kNone = -1;

  // A fresh leaf with the box fattened by the usual margin. Node numbers are given in order of
  // first use; freed ones come back last in, first out.
  std::int8_t create_leaf(const Aabb& box, int body);
  void destroy_leaf(std::int8_t leaf);
  // Reinserts the leaf when the box has left its fat box. displacement: of the centre, world units.
  bool move_leaf(std::int8_t leaf, const Aabb& box, Vec2<double> displacement);

  Aabb fat_box(std::int8_t leaf) const { return to_aabb(boxes_[leaf]); }
  bool holds(std::int8_t leaf, int body) const {
    return leaf >= 0 && leaf < used_ && is_leaf(leaf) && links_[leaf].body == body;
  }

  // Calls visit(body) for each leaf whose fat box overlaps, in the order of the game's search.
  template <class Visitor>
  void query(const Aabb& box, Visitor&& visit) const {
    if (root_ == kNone) return;
    std::array<std::int8_t, kMaxTreeNodes> stack;
    int depth = 0;
    stack[depth++] = root_;
    while (depth > 0) {
      const auto node = stack[--depth];
      if (!overlap(fat_box(node), box)) continue;
      if (is_leaf(node)) {
        visit(static_cast<int>(links_[node].body));
      } else {
        stack[depth++] = links_[node].child1;
        stack[depth++] = links_[node].child2;
      }
    }
  }

  template <class Archive>
  void serialise(Archive& archive) {
    archive(root_), archive(free_list_), archive(used_);
    for (int i = 0; i < kMaxTreeNodes; ++i) {
      auto box = to_aabb(boxes_[i]);
      archive(box.low.x), archive(box.low.y), archive(box.high.x), archive(box.high.y);
      set_box(static_cast<std::int8_t>(i), to_bounds(box));
      auto& links = links_[i];
      archive(links.parent), archive(links.child1), archive(links.child2), archive(links.body);
    }
  }
  // Whether there are that many leaves and every link leads somewhere sensible: what a damaged
  // snapshot may break.
  bool valid(int leaf_count) const;

 private:
  // Low corner and negated high corner, in vectors: the union of two boxes is then a minimum, and
  // one box holds another when no number is larger. Leaves move often enough for this to pay.
  typedef double Point __attribute__((vector_size(16)));
  struct Bounds {
    Point low, negated_high;
  };

  struct Links {
    std::int8_t parent, child1, child2;
    std::int8_t body;  // of a leaf; kNone in an inner node
  };

  static Aabb to_aabb(const Bounds& b) {
    return {{b.low[0], b.low[1]}, {-b.negated_high[0], -b.negated_high[1]}};
  }
  static Bounds to_bounds(const Aabb& box) {
    return {Point{box.low.x, box.low.y}, Point{-box.high.x, -box.high.y}};
  }
  static Bounds unite(const Bounds& a, const Bounds& b) {
    return {a.low < b.low ? a.low : b.low,
            a.negated_high < b.negated_high ? a.negated_high : b.negated_high};
  }
  static bool contains(const Bounds& outer, const Bounds& inner) {
    const auto larger =
        (outer.low > inner.low) | (outer.negated_high > inner.negated_high);  // -1 where true
    return (larger[0] | larger[1]) == 0;
  }

  bool is_leaf(std::int8_t node) const { return links_[node].child1 == kNone; }
  void set_box(std::int8_t node, const Bounds& bounds) {
    boxes_[node] = bounds;
    centres_[node] = (bounds.low - bounds.negated_high) * 0.5;
  }
  std::int8_t allocate();
  void release(std::int8_t node);
  void insert(std::int8_t leaf);
  void remove(std::int8_t leaf);
  std::int8_t sibling_for(std::int8_t leaf) const;
  void replace_child(std::int8_t parent, std::int8_t child, std::int8_t by);

  std::array<Bounds, kMaxTreeNodes> boxes_{};
  std::array<Point, kMaxTreeNodes> centres_{};
  std::array<Links, kMaxTreeNodes> links_{};
  std::int8_t root_ = kNone;
  std::int8_t free_list_ = kNone;
  std::int8_t used_ = 0;
};

}  // namespace qwop::physics
