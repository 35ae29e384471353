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

  struct Node {
    Aabb box;
    std::int8_t parent, child1, child2;
    std::int8_t body;  // of a leaf; kNone in an inner node
    bool is_leaf() const { return child1 == kNone; }
  };

  // A fresh leaf with the box fattened by the usual margin. Node numbers are given in order of first
  // use; freed ones come back last in, first out.
  std::int8_t create_leaf(const Aabb& box, int body);
  void destroy_leaf(std::int8_t leaf);
  // Reinserts the leaf when the box has left its fat box. displacement: of the centre, world units.
  bool move_leaf(std::int8_t leaf, const Aabb& box, Vec2<double> displacement);

  const Aabb& fat_box(std::int8_t leaf) const { return nodes_[leaf].box; }
  bool holds(std::int8_t leaf, int body) const {
    return leaf >= 0 && leaf < used_ && nodes_[leaf].is_leaf() && nodes_[leaf].body == body;
  }

  // Calls visit(body) for each leaf whose fat box overlaps, in the order of the game's search.
  template <class Visitor>
  void query(const Aabb& box, Visitor&& visit) const {
    if (root_ == kNone) return;
    std::array<std::int8_t, kMaxTreeNodes> stack;
    int depth = 0;
    stack[depth++] = root_;
    while (depth > 0) {
      const Node& node = nodes_[stack[--depth]];
      if (!overlap(node.box, box)) continue;
      if (node.is_leaf()) {
        visit(static_cast<int>(node.body));
      } else {
        stack[depth++] = node.child1;
        stack[depth++] = node.child2;
      }
    }
  }

  template <class Archive>
  void serialise(Archive& archive) {
    archive(root_);
    archive(free_list_);
    archive(used_);
    for (auto& node : nodes_) {
      archive(node.box.low.x), archive(node.box.low.y);
      archive(node.box.high.x), archive(node.box.high.y);
      archive(node.parent), archive(node.child1), archive(node.child2), archive(node.body);
    }
  }
  // Whether it has that many leaves and every link leads somewhere sensible: what a damaged snapshot
  // may break.
  bool valid(int leaf_count) const;

 private:
  std::int8_t allocate();
  void release(std::int8_t node);
  void insert(std::int8_t leaf);
  void remove(std::int8_t leaf);
  std::int8_t sibling_for(const Aabb& box) const;

  std::int8_t root_ = kNone;
  std::int8_t free_list_ = kNone;
  std::int8_t used_ = 0;
  std::array<Node, kMaxTreeNodes> nodes_{};
};

}  // namespace qwop::physics
