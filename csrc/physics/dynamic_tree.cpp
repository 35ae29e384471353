#include "physics/dynamic_tree.hpp"

#include "physics/tree_editor.hpp"

namespace qwop::physics {

namespace {

TreeEditor::Box fat_box_of(const Aabb& box, Vec2<double> displacement) {
  const auto fat = fatten(box, leaf_margin(displacement));
  return TreeEditor::box(fat.low.x, fat.low.y, fat.high.x, fat.high.y);
}

}  // namespace

std::int8_t DynamicTree::create_leaf(const Aabb& box, int body) {
  return TreeEditor(data_).create_leaf(fat_box_of(box, {0.0, 0.0}), body);
}

void DynamicTree::destroy_leaf(std::int8_t leaf) { TreeEditor(data_).destroy_leaf(leaf); }

bool DynamicTree::move_leaf(std::int8_t leaf, const Aabb& box, Vec2<double> displacement) {
  if (contains(fat_box(leaf), box)) return false;
  TreeEditor(data_).move_leaf(leaf, fat_box_of(box, displacement));
  return true;
}

void DynamicTree::replace_leaf(std::int8_t leaf, const Aabb& fat) {
  TreeEditor(data_).move_leaf(leaf, TreeEditor::box(fat.low.x, fat.low.y, fat.high.x, fat.high.y));
}

void DynamicTree::derive() { TreeEditor(data_).derive(); }

bool DynamicTree::valid(int leaf_count) const {
  const auto link = [this](std::int8_t node) { return node >= kNone && node < data_.used; };
  if (data_.used < 0 || data_.used > kMaxTreeNodes || !link(data_.root) || !link(data_.free_list))
    return false;
  std::array<bool, kMaxTreeNodes> seen{};
  int count = 0;
  const auto visit = [&](std::int8_t node) {
    if (seen[node]) return false;
    seen[node] = true;
    ++count;
    return true;
  };
  for (auto node = data_.free_list; node != kNone; node = data_.nodes[node].parent) {
    if (!link(node) || !visit(node)) return false;
  }
  std::array<std::int8_t, kMaxTreeNodes + 1> stack;
  int depth = 0, leaves = 0;
  if (data_.root != kNone) stack[depth++] = data_.root;
  if (data_.root != kNone && data_.nodes[data_.root].parent != kNone) return false;
  while (depth > 0) {
    const auto index = stack[--depth];
    if (!visit(index)) return false;
    const auto& node = data_.nodes[index];
    if (node.leaf()) {
      if (node.body < 0 || node.body >= kMaxBodies) return false;
      ++leaves;
      continue;
    }
    for (const auto child : node.children) {
      if (child < 0 || child >= data_.used || data_.nodes[child].parent != index) return false;
      if (depth >= kMaxTreeNodes) return false;
      stack[depth++] = child;
    }
  }
  return count == data_.used && leaves == leaf_count;
}

}  // namespace qwop::physics
