#include "physics/dynamic_tree.hpp"

#include <cassert>

namespace qwop::physics {

std::int8_t DynamicTree::allocate() {
  std::int8_t node;
  if (free_list_ != kNone) {
    node = free_list_;
    free_list_ = links_[node].parent;
  } else {
    assert(used_ < kMaxTreeNodes);
    node = used_++;
  }
  links_[node] = {kNone, kNone, kNone, kNone};
  return node;
}

void DynamicTree::release(std::int8_t node) {
  links_[node] = {free_list_, kNone, kNone, kNone};
  set_box(node, Bounds{});
  free_list_ = node;
}

std::int8_t DynamicTree::create_leaf(const Aabb& box, int body) {
  const auto leaf = allocate();
  set_box(leaf, to_bounds(fatten(box, {kAabbExtension, kAabbExtension})));
  links_[leaf].body = static_cast<std::int8_t>(body);
  insert(leaf);
  return leaf;
}

void DynamicTree::destroy_leaf(std::int8_t leaf) {
  remove(leaf);
  release(leaf);
}

bool DynamicTree::move_leaf(std::int8_t leaf, const Aabb& box, Vec2<double> displacement) {
  if (contains(boxes_[leaf], to_bounds(box))) return false;
  remove(leaf);
  const Vec2<double> margin{kAabbExtension + kAabbMultiplier * lanes::abs(displacement.x),
                            kAabbExtension + kAabbMultiplier * lanes::abs(displacement.y)};
  set_box(leaf, to_bounds(fatten(box, margin)));
  insert(leaf);
  return true;
}

void DynamicTree::replace_child(std::int8_t parent, std::int8_t child, std::int8_t by) {
  auto& links = links_[parent];
  (links.child1 == child ? links.child1 : links.child2) = by;
}

// Descends to the leaf beside which a new one goes: at each node the child whose centre is nearer
// in the sum of both axes, the second child on a tie.
std::int8_t DynamicTree::sibling_for(std::int8_t leaf) const {
  const Point target = centres_[leaf];
  const auto distance = [&](std::int8_t node) {
    const Point d = centres_[node] - target;
    return lanes::abs(d[0]) + lanes::abs(d[1]);
  };
  auto node = root_;
  while (!is_leaf(node)) {
    const auto& links = links_[node];
    const int first = distance(links.child2) > distance(links.child1) ? -1 : 0;
    // Without a branch: which way it goes is as good as random.
    node = static_cast<std::int8_t>(links.child2 ^ ((links.child1 ^ links.child2) & first));
  }
  return node;
}

void DynamicTree::insert(std::int8_t leaf) {
  if (root_ == kNone) {
    root_ = leaf;
    links_[leaf].parent = kNone;
    return;
  }
  const auto sibling = sibling_for(leaf);
  auto ancestor = links_[sibling].parent;
  const auto joined = allocate();  // after the descent: node numbers depend on it
  auto grown = unite(boxes_[leaf], boxes_[sibling]);
  set_box(joined, grown);
  links_[joined] = {ancestor, sibling, leaf, kNone};
  links_[sibling].parent = joined;
  links_[leaf].parent = joined;
  if (ancestor == kNone) {
    root_ = joined;
    return;
  }
  replace_child(ancestor, sibling, joined);
  // Grow the ancestors until one holds its changed child already.
  while (ancestor != kNone && !contains(boxes_[ancestor], grown)) {
    const auto& links = links_[ancestor];
    grown = unite(boxes_[links.child1], boxes_[links.child2]);
    set_box(ancestor, grown);
    ancestor = links.parent;
  }
}

void DynamicTree::remove(std::int8_t leaf) {
  if (leaf == root_) {
    root_ = kNone;
    return;
  }
  const auto parent = links_[leaf].parent;
  auto ancestor = links_[parent].parent;
  const auto sibling =
      links_[parent].child1 == leaf ? links_[parent].child2 : links_[parent].child1;
  links_[sibling].parent = ancestor;
  release(parent);
  if (ancestor == kNone) {
    root_ = sibling;
    return;
  }
  replace_child(ancestor, parent, sibling);
  // Shrink the ancestors; the first whose old box holds its new one still takes it, then we stop.
  while (ancestor != kNone) {
    const auto& links = links_[ancestor];
    const auto old_box = boxes_[ancestor];
    const auto new_box = unite(boxes_[links.child1], boxes_[links.child2]);
    set_box(ancestor, new_box);
    if (contains(old_box, new_box)) break;
    ancestor = links.parent;
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
  for (auto node = free_list_; node != kNone; node = links_[node].parent) {
    if (!link(node) || !visit(node)) return false;
  }
  std::array<std::int8_t, kMaxTreeNodes + 1> stack;
  int depth = 0, leaves = 0;
  if (root_ != kNone) stack[depth++] = root_;
  if (root_ != kNone && links_[root_].parent != kNone) return false;
  while (depth > 0) {
    const auto index = stack[--depth];
    if (!visit(index)) return false;
    const auto& node = links_[index];
    if (is_leaf(index)) {
      if (node.body < 0 || node.body >= kMaxBodies) return false;
      ++leaves;
      continue;
    }
    for (const auto child : {node.child1, node.child2}) {
      if (child < 0 || child >= used_ || links_[child].parent != index) return false;
      if (depth >= kMaxTreeNodes) return false;
      stack[depth++] = child;
    }
  }
  return count == used_ && leaves == leaf_count;
}

}  // namespace qwop::physics
