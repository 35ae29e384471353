#include "physics/dynamic_tree.hpp"

#include <cassert>

namespace qwop::physics {

std::int8_t DynamicTree::allocate() {
  std::int8_t index;
  if (free_list_ != kNone) {
    index = free_list_;
    free_list_ = nodes_[index].parent;
  } else {
    assert(used_ < kMaxTreeNodes);
    index = used_++;
  }
  Node& node = nodes_[index];
  node.parent = node.child1 = node.child2 = node.body = kNone;
  return index;
}

void DynamicTree::release(std::int8_t node) {
  nodes_[node] = {.box = {},
                  .parent = free_list_,
                  .child1 = kNone,
                  .child2 = kNone,
                  .body = kNone};
  free_list_ = node;
}

std::int8_t DynamicTree::create_leaf(const Aabb& box, int body) {
  const auto leaf = allocate();
  nodes_[leaf].box = fatten(box, {kAabbExtension, kAabbExtension});
  nodes_[leaf].body = static_cast<std::int8_t>(body);
  insert(leaf);
  return leaf;
}

void DynamicTree::destroy_leaf(std::int8_t leaf) {
  remove(leaf);
  release(leaf);
}

bool DynamicTree::move_leaf(std::int8_t leaf, const Aabb& box, Vec2<double> displacement) {
  if (contains(nodes_[leaf].box, box)) return false;
  remove(leaf);
  nodes_[leaf].box =
      fatten(box, {kAabbExtension + kAabbMultiplier * lanes::abs(displacement.x),
                   kAabbExtension + kAabbMultiplier * lanes::abs(displacement.y)});
  insert(leaf);
  return true;
}

// Descends to the leaf beside which a new one goes: at each node the child whose centre is nearer in
// the sum of both axes, the second child on a tie.
std::int8_t DynamicTree::sibling_for(const Aabb& box) const {
  const auto centre = [](const Aabb& b) {
    return Vec2<double>{(b.low.x + b.high.x) / 2.0, (b.low.y + b.high.y) / 2.0};
  };
  const auto target = centre(box);
  const auto distance = [&](std::int8_t node) {
    const auto c = centre(nodes_[node].box);
    return lanes::abs(c.x - target.x) + lanes::abs(c.y - target.y);
  };
  std::int8_t index = root_;
  while (!nodes_[index].is_leaf()) {
    const Node& node = nodes_[index];
    index = distance(node.child2) > distance(node.child1) ? node.child1 : node.child2;
  }
  return index;
}

void DynamicTree::insert(std::int8_t leaf) {
  if (root_ == kNone) {
    root_ = leaf;
    nodes_[leaf].parent = kNone;
    return;
  }
  const auto sibling = sibling_for(nodes_[leaf].box);
  auto ancestor = nodes_[sibling].parent;
  auto joined = allocate();  // after the descent: node numbers depend on it
  nodes_[joined].parent = ancestor;
  nodes_[joined].box = unite(nodes_[leaf].box, nodes_[sibling].box);
  nodes_[joined].child1 = sibling;
  nodes_[joined].child2 = leaf;
  nodes_[sibling].parent = joined;
  nodes_[leaf].parent = joined;
  if (ancestor == kNone) {
    root_ = joined;
    return;
  }
  Node& above = nodes_[ancestor];
  (above.child1 == sibling ? above.child1 : above.child2) = joined;
  // Grow the ancestors until one holds its changed child already.
  while (ancestor != kNone && !contains(nodes_[ancestor].box, nodes_[joined].box)) {
    Node& node = nodes_[ancestor];
    node.box = unite(nodes_[node.child1].box, nodes_[node.child2].box);
    joined = ancestor;
    ancestor = node.parent;
  }
}

void DynamicTree::remove(std::int8_t leaf) {
  if (leaf == root_) {
    root_ = kNone;
    return;
  }
  const auto parent = nodes_[leaf].parent;
  auto ancestor = nodes_[parent].parent;
  const auto sibling =
      nodes_[parent].child1 == leaf ? nodes_[parent].child2 : nodes_[parent].child1;
  nodes_[sibling].parent = ancestor;
  if (ancestor == kNone) {
    root_ = sibling;
    release(parent);
    return;
  }
  Node& above = nodes_[ancestor];
  (above.child1 == parent ? above.child1 : above.child2) = sibling;
  release(parent);
  // Shrink the ancestors; the first whose old box holds its new one still takes it, then we stop.
  while (ancestor != kNone) {
    Node& node = nodes_[ancestor];
    const Aabb old_box = node.box;
    node.box = unite(nodes_[node.child1].box, nodes_[node.child2].box);
    if (contains(old_box, node.box)) break;
    ancestor = node.parent;
  }
}

bool DynamicTree::valid(int leaf_count) const {
  const auto link = [this](std::int8_t node) { return node >= kNone && node < used_; };
  if (used_ < 0 || used_ > kMaxTreeNodes || !link(root_) || !link(free_list_)) return false;
  std::array<bool, kMaxTreeNodes> seen{};
  int count = 0;
  const auto visit = [&](std::int8_t node) {
    if (seen[node]) return false;
    seen[node] = true;
    ++count;
    return true;
  };
  for (auto node = free_list_; node != kNone; node = nodes_[node].parent) {
    if (!link(node) || !visit(node)) return false;
  }
  std::array<std::int8_t, kMaxTreeNodes + 1> stack;
  int depth = 0, leaves = 0;
  if (root_ != kNone) stack[depth++] = root_;
  if (root_ != kNone && nodes_[root_].parent != kNone) return false;
  while (depth > 0) {
    const auto index = stack[--depth];
    if (!visit(index)) return false;
    const Node& node = nodes_[index];
    if (node.is_leaf()) {
      if (node.body < 0 || node.body >= kMaxBodies) return false;
      ++leaves;
      continue;
    }
    for (const auto child : {node.child1, node.child2}) {
      if (child < 0 || child >= used_ || nodes_[child].parent != index) return false;
      if (depth >= kMaxTreeNodes) return false;
      stack[depth++] = child;
    }
  }
  return count == used_ && leaves == leaf_count;
}

}  // namespace qwop::physics
