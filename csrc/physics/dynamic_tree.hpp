// The broad phase's tree of fat boxes, one leaf a body. Its shape is history: it decides in which
// order one query finds several partners, so it is kept exactly as the real game keeps it.
#pragma once

#include <array>
#include <cstdint>

#include "physics/aabb.hpp"
#include "physics/settings.hpp"
#include "physics/tree_data.hpp"

namespace qwop::physics {

class DynamicTree {
 public:
  static constexpr std::int8_t kNone = TreeData::kNone;

  // A fresh leaf with the box fattened by the usual margin. Node numbers are given in order of
  // first use; freed ones come back last in, first out.
  std::int8_t create_leaf(const Aabb& box, int body);
  void destroy_leaf(std::int8_t leaf);
  // Reinserts the leaf when the box has left its fat box. displacement: of the center, world units.
  bool move_leaf(std::int8_t leaf, const Aabb& box, Vec2<double> displacement);

  // Reinserts the leaf with this fat box.
  void replace_leaf(std::int8_t leaf, const Aabb& fat);

  Aabb fat_box(std::int8_t leaf) const { return to_aabb(data_.boxes[leaf]); }
  bool holds(std::int8_t leaf, int body) const {
    return leaf >= 0 && leaf < data_.used && data_.nodes[leaf].leaf() &&
           data_.nodes[leaf].body == body;
  }

  // Calls visit(body) for each leaf whose fat box overlaps, in the order of the game's search.
  template <class Visitor>
  void query(const Aabb& box, Visitor&& visit) const {
    if (data_.root == kNone) return;
    std::array<std::int8_t, kMaxTreeNodes> stack;
    int depth = 0;
    stack[depth++] = data_.root;
    while (depth > 0) {
      const auto index = stack[--depth];
      if (!overlap(fat_box(index), box)) continue;
      const auto& node = data_.nodes[index];
      if (node.leaf()) {
        visit(static_cast<int>(node.body));
      } else {
        for (const auto child : node.children) stack[depth++] = child;
      }
    }
  }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(data_.root), archive(data_.free_list), archive(data_.used);
    for (int i = 0; i < kMaxTreeNodes; ++i) {
      auto box = to_aabb(data_.boxes[i]);
      archive(box.low.x), archive(box.low.y), archive(box.high.x), archive(box.high.y);
      data_.boxes[i] = to_bounds(box);
      auto& node = data_.nodes[i];
      archive(node.parent), archive(node.children[0]), archive(node.children[1]);
      archive(node.body);
    }
  }
  // Whether there are that many leaves and every link leads somewhere sensible: what a damaged
  // snapshot may break.
  bool valid(int leaf_count) const;
  // To be called once a snapshot has been read and found valid.
  void derive();

  TreeData& data() { return data_; }  // for TreeEditor

 private:
  TreeData data_;
};

}  // namespace qwop::physics
